FROM scratch
ADD archive.tar /tar/
ADD archive.tar.gz /gz
ADD archive.tar.xz /xz/
COPY archive.tar.gz /copied/
