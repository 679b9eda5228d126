# syntax=docker/dockerfile:1
FROM localhost/base:1
RUN <<EOF
mkdir /a
echo "one $HOME" > /a/one
EOF
RUN cat <<'EOF' > /a/two && echo more >> /a/two
no $HOME here \n
EOF
RUN <<-SCRIPT
	#!/bin/sh -e
	echo stripped > /a/three
	SCRIPT
