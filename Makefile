# whale-compose: one non-recursive makefile. `make help` lists the targets.

PROFILE ?= release
BUILD   ?= build
B       := $(BUILD)/$(PROFILE)
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/whale-compose
CC      ?= cc
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
SAY      = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' $(1) $(2))
ifeq ($(PROFILE),fuzz)
CC      := clang
endif
CCACHE  := $(shell command -v ccache 2>/dev/null)

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wformat=2 -Wundef -Wpointer-arith -Wno-unused-parameter -Wno-format-truncation
CFLAGS_debug   := -O1 -g -DWH_DEBUG=1
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_asan    := -O1 -g -DWH_DEBUG=1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# clang 14 calls a variable unused that only its cleanup uses
CFLAGS_fuzz    := -Wno-missing-field-initializers -Wno-unused-variable -O1 -g -DWH_DEBUG=1 -fno-omit-frame-pointer \
                  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -Wno-unknown-warning-option
LDFLAGS_debug   :=
LDFLAGS_release := -Wl,-z,relro,-z,now
LDFLAGS_asan    := -fsanitize=address,undefined
CFLAGS_all  = -std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc -I. $(WARNINGS) -fno-common -fstack-protector-strong -fPIE -MMD -MP \
              $(CFLAGS_$(PROFILE)) $(CFLAGS)
LDFLAGS_all = -pie -Wl,--as-needed $(LDFLAGS_$(PROFILE)) $(LDFLAGS)

# libnl's headers live in a folder of their own; everything else is in the compiler's path on Debian 12.
PKG_CFLAGS := $(shell pkg-config --cflags libnl-3.0 libnl-route-3.0 2>/dev/null)
LIBS_compose    := -lyaml -ljansson -lcap
LIBS_supervisor := -ljansson -lev -lseccomp -lcap -lnl-route-3 -lnl-3 -lnftables -lresolv -lpthread
LIBS_image      := -ljansson -lcurl -lcrypto -larchive -lzstd -lz -lcap -lseccomp -lpthread
LIBS_unit       := -lcmocka $(LIBS_compose) $(LIBS_supervisor) $(LIBS_image)

# Right to left in the order of layers: a static library may only need those behind it.
FOLDERS := cli ui engine compose image runtime net state logs plan model event codec sys util
LIB_OF   = $(B)/lib/libwh_$(1).a
LIBS_OF  = $(foreach f,$(1),$(call LIB_OF,$(f)))
PROGRAMS := $(B)/whale-compose $(B)/whale-supervisor $(B)/whale-image

all: $(PROGRAMS) ## build the three programs into build/release (PROFILE=debug|release|asan)

define FOLDER_RULES
SRC_$(1) := $$(sort $$(wildcard src/$(1)/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(B)/%.o)
$(call LIB_OF,$(1)): $$(OBJ_$(1))
	$$(call SAY,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$^
DEP_FILES += $$(OBJ_$(1):.o=.d)
endef
$(foreach f,$(FOLDERS),$(eval $(call FOLDER_RULES,$(f))))

$(B)/%.o: %.c
	$(call SAY,CC,$<)
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_all) $(PKG_CFLAGS) -c $< -o $@

define PROGRAM_RULE
$(B)/whale-$(1): $(B)/src/main/$(1).o $(call LIBS_OF,$(FOLDERS))
	$$(call SAY,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_all) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS_$(1))
DEP_FILES += $(B)/src/main/$(1).d
endef
$(foreach p,compose supervisor image,$(eval $(call PROGRAM_RULE,$(p))))

$(B)/schema: $(B)/src/main/schema.o $(call LIBS_OF,$(FOLDERS))
	$(call SAY,LD,$@)
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_compose)
DEP_FILES += $(B)/src/main/schema.d

schemas: $(B)/schema ## write schemas/ from the tables of attributes and of outputs
	$(Q)mkdir -p schemas && $(B)/schema schemas

include tests/tests.mk

-include $(DEP_FILES)

deps: ## install what is missing of the Debian packages that building and testing need
	$(Q)tests/lib/deps

install: all ## install programs into PREFIX (DESTDIR is honoured)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR)
	install -m 755 $(B)/whale-compose $(DESTDIR)$(BINDIR)/whale-compose
	install -m 755 $(B)/whale-supervisor $(B)/whale-image $(DESTDIR)$(LIBEXECDIR)/

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/whale-compose $(DESTDIR)$(LIBEXECDIR)/whale-supervisor $(DESTDIR)$(LIBEXECDIR)/whale-image
	-rmdir $(DESTDIR)$(LIBEXECDIR)

format: ## lay out all sources with clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z0-9_-]+:.*## ' Makefile tests/tests.mk | sort | awk -F':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

.PHONY: all schemas deps install uninstall format clean help
.DEFAULT_GOAL := all
