"""What is shown of a program, and the question.

reaching       declarations that tell what a function's body uses
parts          a file in the stretches that are shown or left out
context        those that a budget has room for
prompt         the question of a function
posed          whether it tells enough
change_prompt  the question of a commit or an edit
"""

PROMPT_VERSION = "2"
"""Part of run identity; raised with every change of a question or of what is chosen for it."""
