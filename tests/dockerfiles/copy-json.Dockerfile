FROM scratch
COPY ["with blank.txt", "/a place/"]
COPY ["docs/a.md", "docs/b.txt", "/x/"]
