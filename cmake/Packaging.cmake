# What `cmake --install` and cpack make: the binary, DEB and TGZ packages.
install(TARGETS pipeline RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES
  "${PROJECT_SOURCE_DIR}/packaging/pipeline.service" "${PROJECT_SOURCE_DIR}/packaging/pipeline.socket"
  "${PROJECT_SOURCE_DIR}/packaging/pipeline-runner.service"
  DESTINATION lib/systemd/system)
# The package holds the binary: no test has to be built for it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(CPACK_PACKAGE_NAME pipeline)
set(CPACK_PACKAGE_CONTACT "The pipeline authors <pipeline@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Runs GitHub Actions workflows on your own machine, up to a healthy deployment on AWS")
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "passwd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "git, uidmap")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/packaging/postinst" "${PROJECT_SOURCE_DIR}/packaging/prerm"
  "${PROJECT_SOURCE_DIR}/packaging/postrm")
include(CPack)
