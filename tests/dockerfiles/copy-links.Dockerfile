FROM scratch
COPY links /links
COPY links/file /followed
COPY links/folder /folder
