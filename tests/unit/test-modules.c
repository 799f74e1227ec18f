/* SPDX-License-Identifier: MIT */
#include "initramfs/modules.h"
#include "root/module-set.h"
#include "tap.h"

int main(void)
{
	static const char list[] = "# a comment\n"
				   "\n"
				   "kernel/drivers/net/*\n"
				   "virtio-blk\n"
				   "hid*\n"
				   "!kernel/drivers/net/old/*\n"
				   "!hid-bad\n"
				   "kernel/drivers/net/old/but.ko";
	static const struct {
		const char *path, *name;
		bool chosen;
	} rows[] = {
		{ "kernel/drivers/net/new/a.ko", "a", true },
		{ "kernel/drivers/net/old/b.ko", "b", false },
		{ "kernel/drivers/net/old/but.ko", "but", true },
		{ "kernel/drivers/block/virtio_blk.ko", "virtio_blk", true },
		{ "kernel/drivers/block/virtio_blk2.ko", "virtio_blk2", false },
		{ "kernel/drivers/hid/hid-good.ko", "hid_good", true },
		{ "kernel/drivers/hid/hid-bad.ko", "hid_bad", false },
		{ "kernel/x/comment.ko", "comment", false },
		{ "kernel/x/.ko", "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(modules_list_chooses(list, rows[i].path, rows[i].name),
		       rows[i].chosen, rows[i].path);
	ok(modules_list_chooses(modules_default,
				"kernel/fs/overlayfs/overlay.ko", "overlay"),
	   "the list built in has overlay");
	ok(!modules_list_chooses(modules_default,
				 "kernel/drivers/gpu/drm/amd/amdgpu/amdgpu.ko",
				 "amdgpu"),
	   "and not amdgpu");
	return tap_done();
}
