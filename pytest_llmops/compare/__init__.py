"""Two runs, paired by case: effects with intervals, and the verdict of the gate."""
