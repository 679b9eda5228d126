FROM scratch
ADD plain.gz /x/
ADD docs/a.md docs/b.txt /y/
