# What `cmake --install` and cpack make: the binary, DEB and TGZ packages.
install(TARGETS pipeline RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(CPACK_PACKAGE_NAME pipeline)
set(CPACK_PACKAGE_CONTACT "The pipeline authors <pipeline@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Runs GitHub Actions workflows on your own machine, up to a healthy deployment on AWS")
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
