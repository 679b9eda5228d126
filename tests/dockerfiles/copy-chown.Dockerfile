FROM localhost/base:1
COPY --chown=worker:worker app /a
COPY --chown=1001:1002 app /b
COPY --chown=worker docs/a.md /c/
ARG OWNER=33
COPY --chown=$OWNER:$OWNER docs/a.md /d
