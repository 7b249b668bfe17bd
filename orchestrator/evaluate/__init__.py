"""How right the rules are: labelled cases, what the pipeline says of them, and scores."""
