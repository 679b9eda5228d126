FROM localhost/base:1
LABEL one=1 two="2 2" "three.x"='3 $HOME'
LABEL four=a\
b
LABEL old form of it
ARG V=5
LABEL five=$V "six"="${V}6"
