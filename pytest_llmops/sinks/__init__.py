"""Where records are shown: Langfuse, MLflow and OpenLLMetry."""
