# syntax=docker/dockerfile:1-labs
FROM scratch
COPY --exclude=*.md --exclude=deep docs /docs
COPY --link --exclude=**/.hidden --exclude=lib app /app
