FROM scratch
COPY docs/*.txt docs/?.md /flat/
COPY docs/[ab].* /class/
COPY app/*/*.py /deep/
