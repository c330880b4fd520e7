# Test targets; included by the Makefile. Every runner closes with "NAME: N passed, N failed"; check adds them up.

# T=name selects: make unit T=str (test_str.c), make cases T=merge (a topic or case), make e2e T=image (image.bats)
T ?=

UNIT_SRC     := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN     := $(UNIT_SRC:%.c=$(B)/%)
UNIT_LIBS     = $(call LIBS_OF,$(FOLDERS))

.SECONDEXPANSION:
$(UNIT_BIN): $(B)/%: $(B)/%.o $(UNIT_LIBS)
	$(call SAY,LD,$@)
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_unit)
# What the tests of a folder share is tests/unit/FOLDER/lib_*.c.
$(UNIT_BIN): $$(patsubst %.c,$(B)/%.o,$$(wildcard $$(patsubst $(B)/%,%,$$(@D))/lib_*.c))
.SECONDARY: $(UNIT_SRC:%.c=$(B)/%.o)
DEP_FILES += $(patsubst %.c,$(B)/%.d,$(UNIT_SRC) $(wildcard tests/unit/*/lib_*.c))

# The program that answers questions from inside a container: static, so that any image can run it.
PROBE := $(B)/tests/probe
$(PROBE): tests/lib/probe.c
	$(call SAY,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -static -o $@ $<

unit: all $(UNIT_BIN) $(if $(wildcard tests/lib/probe.c),$(PROBE)) ## unit tests (T=name runs one)
	$(Q)PROBE=$(abspath $(PROBE)) BUILD_DIR=$(abspath $(B)) tests/lib/run-unit $(if $(T),$(filter %/test_$(T),$(UNIT_BIN)),$(UNIT_BIN))

cases: all ## golden cases of the loader (T=topic or T=topic/case selects)
	$(Q)tests/lib/run-cases -b $(B)/whale-compose tests/cases/loader$(if $(T),/$(T))

schemas-check: all $(B)/schema ## check that schemas/ are those of the tables and that what is printed obeys them
	$(Q)tests/lib/check-schema --all $(B)

e2e: all $(if $(wildcard tests/lib/probe.c),$(PROBE)) ## end-to-end tests with real containers; needs root (T="name..." runs these files)
	$(Q)PROBE=$(abspath $(PROBE)) tests/lib/run-e2e $(abspath $(B)) \
		$(if $(T),$(T:%=tests/e2e/%.bats),$(sort $(wildcard tests/e2e/*.bats)))

scenarios: all ## scripts recorded with docker compose that must print the same; needs root (T=topic or T=topic/name.sh)
	$(Q)tests/lib/with-state $(abspath $(B)) tests/lib/run-scenarios $(B) tests/scenarios$(if $(T),/$(T))

# Fuzz targets: tests/fuzz/fuzz_NAME.c with a corpus in tests/fuzz/corpus/NAME.
FUZZ_SRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZ_TIME  ?= 60

# Outside of `make fuzz` the corpora are replayed by a plain main(), so they also run without clang.
$(FUZZ_NAMES:%=$(B)/tests/fuzz/replay_%): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/lib/replay.o $(UNIT_LIBS)
	$(call SAY,LD,$@)
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_unit)
.SECONDARY: $(FUZZ_SRC:%.c=$(B)/%.o) $(B)/tests/lib/replay.o
DEP_FILES += $(FUZZ_SRC:%.c=$(B)/%.d)

corpora: $(FUZZ_NAMES:%=$(B)/tests/fuzz/replay_%) ## replay the corpora of all fuzz targets
	$(Q)tests/lib/run-corpora $(B)/tests/fuzz $(FUZZ_NAMES)

$(FUZZ_NAMES:%=$(B)/tests/fuzz/fuzz_%): %: %.o $(UNIT_LIBS)
	$(call SAY,LD,$@)
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_unit)

fuzz-programs: $(FUZZ_NAMES:%=$(B)/tests/fuzz/fuzz_%)

fuzz: ## run every fuzz target for FUZZ_TIME seconds (default 60), or one with T=name; needs clang
	$(Q)$(MAKE) --no-print-directory PROFILE=fuzz fuzz-programs
	$(Q)tests/lib/run-fuzz $(BUILD)/fuzz $(FUZZ_TIME) $(if $(T),$(T),$(FUZZ_NAMES))

lint: ## layers, layout, lengths, words, headers, cppcheck, clang-tidy, shellcheck
	$(Q)tests/lint/run $(LINT)

check: deps ## install what is missing, build, run all tests; the last line is "N passed, N failed"
	$(Q)tests/lib/check

bench: all ## measure against the numbers of the design, beside docker compose and podman-compose where installed (T=section...)
	$(Q)tests/bench/run $(B) $(T)

demo: deps ## build, run the hello example to a visible result, clean up; needs root
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)examples/demo $(B)/whale-compose

.PHONY: unit cases schemas-check scenarios e2e corpora fuzz fuzz-programs lint check bench demo
