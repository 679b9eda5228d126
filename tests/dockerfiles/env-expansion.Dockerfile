FROM localhost/base:1
ENV A=one B="two words" C=three\ words D='$A' E=$A/x F="${A}${B}"
ENV A=changed G=$A
ENV H=${MISSING:-default} I=${A:+set} J=${MISSING:+set} K=\$A
ENV OLD form with  blanks
RUN env | grep -E '^[A-KO]' | grep -v -E '^HO|^BUILDAH' | sort > /env
