FROM localhost/base:1
ENV FILE=dir/name.tar.gz
ENV A=${FILE#*/} B=${FILE##*/} C=${FILE%.*} D=${FILE%%.*} E=${FILE/name/other} F=${FILE//r/R}
WORKDIR /${FILE%%/*}
COPY docs/a.md /${FILE##*.}/
