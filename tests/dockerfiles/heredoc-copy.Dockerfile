FROM localhost/base:1
ARG NAME=somebody
COPY <<EOF <<"RAW" /conf/
hello $NAME \$NAME "quoted"
EOF
$NAME stays
RAW
COPY --chmod=755 --chown=7:8 <<-SH /run.sh
	#!/bin/sh
	echo $NAME
	SH
