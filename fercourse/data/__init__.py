"""The data room: FER2013 in whatever form it lies, as `Faces` of three `Split`s, in NumPy alone.

faces                    the nouns: Split, Faces, EMOTIONS, USAGES, BALLOT
load                     one door to the data
find, recognise          where it looks, and how what lies there is recognised
official                 what was read, held against what was published
csv_reader, csv_block,   fer2013.csv and its relatives as a stream; archives opens what they are packed in
csv_rows, archives
folders, parquet, npz    the other layouts; rows makes splits of what each of them read
names, pictures, exact   what they share: names in the wild, one encoded picture, numbers of any type
votes                    the FER+ votes, joined by row
cache                    what was read once
convert, command         every layout written, and `python -m fercourse data`
arguments                numbers as they may come
drawn                    faces drawn from a seed, for those without FER2013
"""
