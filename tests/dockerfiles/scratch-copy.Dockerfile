FROM scratch
COPY app /srv/app
COPY docs/a.md docs/b.txt /docs/
