# Run by CPack between installing into its staging folder and packing that: documents are compressed
# as Debian's policy has it, and the package's own are added.

set(debian ${CPACK_HERALD_SOURCE}/etc/debian)
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(documents ${share}/doc/herald)

configure_file(${debian}/copyright ${documents}/copyright COPYONLY)
configure_file(${debian}/lintian-overrides ${share}/lintian/overrides/herald COPYONLY)
configure_file(${debian}/changelog.in ${documents}/changelog @ONLY)
file(GLOB pages ${share}/man/*/*)
execute_process(COMMAND gzip -9 --no-name --force ${pages} ${documents}/changelog
                COMMAND_ERROR_IS_FATAL ANY)
# The names of the compilers, which strip leaves, help nobody.
file(GLOB programs ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/bin/*
                   ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/sbin/*
                   ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/lib/herald/*.so)
execute_process(COMMAND strip --remove-section=.comment ${programs} COMMAND_ERROR_IS_FATAL ANY)
