FROM localhost/base:1 AS made
RUN mkdir /out && echo from the stage > /out/file
FROM localhost/base:1
RUN --mount=type=cache,target=/cache,id=a echo cached > /cache/x; cat /cache/x > /seen-cache
RUN --mount=type=secret,id=token cat /run/secrets/token > /length-of-it && wc -c < /length-of-it > /n && mv /n /length-of-it
RUN --mount=type=secret,id=token,target=/key,mode=0444,uid=5 stat -c '%a %u' /key > /mode
RUN --mount=type=bind,source=docs,target=/docs cat /docs/a.md > /seen-bind
RUN --mount=type=bind,from=made,source=/out,target=/out cat /out/file > /seen-stage
RUN --mount=type=tmpfs,target=/scratch,size=1m echo gone > /scratch/x
RUN --network=none true && ls -d /cache /run/secrets /key /docs /out /scratch > /left 2>&1; true
