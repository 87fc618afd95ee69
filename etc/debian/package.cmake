# The Debian package: cpack -G DEB, in the folder of the release build.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME herald)
set(CPACK_PACKAGE_VENDOR "herald")
set(CPACK_PACKAGE_CONTACT "The herald developers <herald@example.org>")
set(CPACK_SET_DESTDIR ON) # the package has files outside of its prefix: /etc/herald
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# What a package needs beyond the files that `cmake --install` puts in place.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/etc/debian/finish.cmake)
set(CPACK_HERALD_SOURCE ${CMAKE_SOURCE_DIR})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "BGP speaker that announces anycast prefixes while they are served")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Herald runs on every node of an anycast service. It checks the service, and
announces its prefixes over BGP to the routers while the checks pass, with a
longer path while the service is degraded, and not at all while it is down
or drained.
.
It only announces: no route is imported, and no kernel table is touched.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Beside the libraries that the programs and the private modules are linked to.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/etc/debian/conffiles
    ${CMAKE_SOURCE_DIR}/etc/debian/postinst
    ${CMAKE_SOURCE_DIR}/etc/debian/prerm
    ${CMAKE_SOURCE_DIR}/etc/debian/postrm)
include(CPack)
