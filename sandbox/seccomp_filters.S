# The system call filters that seccomp_filters_main.cpp wrote, by profile.
    .section .rodata
    .balign 8
    .global pipeline_filter_own_namespaces
pipeline_filter_own_namespaces:
    .incbin PIPELINE_FILTER_OWN_NAMESPACES
    .global pipeline_filter_own_namespaces_end
pipeline_filter_own_namespaces_end:
    .balign 8
    .global pipeline_filter_shared_host
pipeline_filter_shared_host:
    .incbin PIPELINE_FILTER_SHARED_HOST
    .global pipeline_filter_shared_host_end
pipeline_filter_shared_host_end:
    .section .note.GNU-stack, "", @progbits
