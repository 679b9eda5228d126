# The program that runs inside sandboxes, as bytes of this one; inner_program.h says why.
    .section .rodata
    .balign 16
    .global pipeline_inner_program
pipeline_inner_program:
    .incbin PIPELINE_INNER_PROGRAM
    .global pipeline_inner_program_end
pipeline_inner_program_end:
    .section .note.GNU-stack, "", @progbits
