"""The data room: FER2013 in whatever form it lies, as `Faces` of three `Split`s, in NumPy alone.

faces             the nouns: Split, Faces, EMOTIONS, USAGES, BALLOT
photos            a photo of one's own as a face
preview           what a notebook shows of Faces
load              one door to the data
find, recognise   where it looks, and how what lies there is recognised
official          what was read, held against what was published
votes             the FER+ votes, joined by row
cache             what was read once
names, rows       names in the wild; rows of a file, and how they become splits
command           `python -m fercourse data`
layouts/          one reader for each layout, and every layout written
drawn/            faces drawn from a seed, for those without FER2013
"""
