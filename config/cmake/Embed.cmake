# Makes a file part of the program: generates <symbol>.h with `static const char <symbol>[]`, the
# bytes and a closing NUL.
function(hatirlat_embed path symbol)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${symbol}.h @ONLY
         CONTENT "static const char ${symbol}[] = {\n@bytes@0x00};\n")
endfunction()
