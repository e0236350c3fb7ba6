"""JSON Schemas of the files that users write, for editors: made from the tables that the parser reads with."""
