"""One lesson with every combination of some parameters: what is finished is kept, and one table comes out."""
