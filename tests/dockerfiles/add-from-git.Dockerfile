FROM scratch
ADD @GIT@/o/r.git#v1 /tag
ADD @GIT@/o/r.git#main:sub /below/
