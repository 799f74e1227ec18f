# SPDX-License-Identifier: MIT
# A thin door: meson does the work. doc/architecture.md says what lies behind.
BUILD ?= build
OUT ?= out
SUITE ?=
# Of boomerang build: BUILD_OPTIONS="--level 9" takes a twentieth of the time.
BUILD_OPTIONS ?=

.PHONY: all deps kernel-fetch kernel loaders bootstrap arm64 install demo test \
	bench lab clean
.NOTPARALLEL:

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

# What tools/packages lists and this machine lacks; needs root only for that.
deps:
	tools/install-deps build bootstrap test

kernel-fetch:
	tools/fetch-kernel .cache/kernel

# The distribution's source with the small configuration in data/kernel, and a
# minimal bootstrap of it in out-small; compiles for a quarter of an hour.
OWN = .cache/own-kernel
kernel: all
	tools/install-deps bootstrap kernel
	tools/build-kernel $(OWN)
	$(BUILD)/boomerang build -o $(OUT)-small --profile minimal \
		--kernel $(OWN)/boot/vmlinuz-* --modules $(OWN)/lib/modules/* \
		$(BUILD_OPTIONS)

# What boomerang serve hands to machines' firmware.
loaders:
	tools/fetch-loaders $(OUT)/loaders .cache/loaders

bootstrap: kernel-fetch loaders all
	$(MAKE) --no-print-directory $(OUT)/bootstrap.img

# Compressing it takes a minute: only when something of it is newer.
$(OUT)/bootstrap.img: $(BUILD)/boomerang $(BUILD)/boomerang-init \
		$(wildcard .cache/kernel/boot/vmlinuz-*)
	$(BUILD)/boomerang build -o $(OUT) $(BUILD_OPTIONS)

# The bootstrap for arm64 machines, made on another one: out-arm64. What goes
# into it, and what it is linked with, is only unpacked.
SYSROOT = .cache/sysroot-arm64
arm64: $(BUILD)/build.ninja
	tools/install-deps bootstrap arm64
	ninja -C $(BUILD) boomerang
	tools/fetch-sysroot $(SYSROOT) arm64
	[ -e $(BUILD)-arm64/build.ninja ] || meson setup \
		--cross-file $(SYSROOT)/meson.ini \
		--cross-file cross/aarch64-linux-gnu.ini $(BUILD)-arm64
	ninja -C $(BUILD)-arm64
	tools/fetch-loaders $(OUT)-arm64/loaders .cache/loaders
	$(BUILD)/boomerang build -o $(OUT)-arm64 --sysroot $(SYSROOT) \
		--programs $(BUILD)-arm64 $(BUILD_OPTIONS)

install: all
	meson install -C $(BUILD)

demo: deps bootstrap
	tests/lab/demo

# make test SUITE=unit: one suite only.
test: deps bootstrap
	tests/run $(SUITE)

bench: deps bootstrap
	tools/install-deps bench
	bench/run

# The virtual machine of the tests, by hand.
lab: deps bootstrap
	tests/lab/by-hand

clean:
	rm -rf $(BUILD) $(BUILD)-arm64 $(OUT) $(OUT)-arm64 $(OUT)-small
