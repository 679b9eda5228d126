FROM scratch
ADD --checksum=sha256:@DIGEST@ @SERVER@/files/tool.bin /opt/
ADD --chmod=755 @SERVER@/moved /opt/named
ADD @SERVER@/files/archive.tar.gz /opt/
