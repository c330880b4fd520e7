# Test targets; included by the Makefile.

UNIT_SRC  := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN  := $(UNIT_SRC:%.c=$(B)/%)
UNIT_LIB_SRC := $(sort $(wildcard tests/lib/*.c))
UNIT_LIB_OBJ := $(UNIT_LIB_SRC:%.c=$(B)/%.o)

# T=name selects one test: make unit T=str, make cases T=merge, make e2e T=network
T ?=

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_LIB_OBJ) $(call LIBS_OF,$(FOLDERS))
	$(call SAY,LD,$@)
	$(Q)$(CC) $(LDFLAGS_all) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_unit)
.SECONDARY: $(UNIT_SRC:%.c=$(B)/%.o)
DEP_FILES += $(UNIT_SRC:%.c=$(B)/%.d)

unit: $(UNIT_BIN) ## run the unit tests (T=name runs one)
	$(Q)tests/lib/run-unit $(if $(T),$(filter %test_$(T),$(UNIT_BIN)),$(UNIT_BIN))

.PHONY: unit
