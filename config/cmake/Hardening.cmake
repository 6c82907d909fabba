# Warnings and hardening: the OpenSSF guide reduced to what gcc 12 and clang 14 accept.
add_library(hatirlat_warnings INTERFACE)
target_compile_options(hatirlat_warnings INTERFACE
    -Wall -Wextra -Werror -Wformat=2 -Wconversion -Wsign-conversion -Wimplicit-fallthrough -Wshadow
    -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef)
target_compile_definitions(hatirlat_warnings INTERFACE _GNU_SOURCE)

add_compile_options(-fstack-protector-strong -fno-strict-overflow -fno-strict-aliasing
                    -fno-delete-null-pointer-checks -fno-omit-frame-pointer)
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wtrampolines -Wbidi-chars=any)
endif()

if(HATIRLAT_SANITIZE)
    add_compile_options(-fsanitize=${HATIRLAT_SANITIZE} -fno-sanitize-recover=all -g)
    add_link_options(-fsanitize=${HATIRLAT_SANITIZE})
else()
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection
                        -fcf-protection=full)
    add_link_options(-pie)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr)
        # Where code is made at link time: gcc 12 does not carry this one there by itself.
        add_link_options(-fzero-call-used-regs=used-gpr)
    endif()
endif()

if(HATIRLAT_ANALYZER)
    # gcc 12 takes nodes of intrusive lists for leaks and loop counters whose address was taken for
    # uninitialised; AddressSanitizer and -ftrivial-auto-var-init look after both.
    add_compile_options(-fanalyzer -Wno-analyzer-malloc-leak
                        -Wno-analyzer-use-of-uninitialized-value)
endif()

if(HATIRLAT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
