# syntax=docker/dockerfile:1-labs
FROM scratch
COPY --parents docs/deep/c.txt app/lib/util.py /kept/
COPY --parents ./docs/./deep/c.txt /pivot/
COPY --parents **/*.md /any/
