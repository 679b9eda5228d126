FROM localhost/base:1
COPY --chmod=0700 bin/tool.sh /tool
COPY --chmod=640 docs/a.md docs/b.txt /docs/
