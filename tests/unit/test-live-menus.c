/* SPDX-License-Identifier: MIT */
/* Media as distributions make them: what a person would see in their menus.
 * Only what a menu depends on is there. */
#include "base/cleanup.h"
#include "base/host.h"
#include "fake-medium.h"

#define LINUX(path)            \
	{                      \
		path, "kernel" \
	}
#define END                \
	{                  \
		NULL, NULL \
	}

/* live-build of Debian: grub.cfg in pieces, theme.cfg in each submenu. */
static const struct fake_file debian_live[] = {
	{ "/boot/grub/config.cfg",
	  "set default=0\nif [ x$feature_default_font_path = xy ] ; then\n"
	  "   font=unicode\nelse\n   font=$prefix/unicode.pf2\nfi\n"
	  "if loadfont $font ; then\n  set gfxmode=800x600\n  insmod efi_gop\n"
	  "  terminal_output gfxterm\nfi\ninsmod play\nplay 960 440 1 0 4\n" },
	{ "/boot/grub/grub.cfg",
	  "source /boot/grub/config.cfg\n\n# Live boot\n"
	  "menuentry \"Live system (amd64)\" --hotkey=l {\n"
	  "\tlinux\t/live/vmlinuz-6.1.0-13-amd64 boot=live components quiet "
	  "splash findiso=${iso_path}\n"
	  "\tinitrd\t/live/initrd.img-6.1.0-13-amd64\n}\n"
	  "menuentry \"Live system (amd64 fail-safe mode)\" {\n"
	  "\tlinux\t/live/vmlinuz-6.1.0-13-amd64 boot=live components memtest "
	  "noapic vga=788\n\tinitrd\t/live/initrd.img-6.1.0-13-amd64\n}\n"
	  "# menuentry \"Alternate\" {\n# linux /none\n# }\n"
	  "if true; then\n\tsource\t/boot/grub/install_start.cfg\n"
	  "submenu 'Advanced install options ...' --hotkey=a {\n"
	  "\tsource /boot/grub/theme.cfg\n\tsource /boot/grub/install.cfg\n}\n"
	  "fi\n\nsubmenu 'Utilities...' --hotkey=u {\n"
	  "\tsource /boot/grub/theme.cfg\n\tif false; then\n"
	  "\t\tsource /boot/grub/memtest.cfg\n\tfi\n"
	  "\tif [ \"${grub_platform}\" = \"efi\" ]; then\n"
	  "\tmenuentry \"UEFI Firmware Settings\" --hotkey=x {\n\t\tfwsetup\n"
	  "\t}\n\tfi\n}\n" },
	{ "/boot/grub/install.cfg",
	  "menuentry 'Graphical expert install' --hotkey=e {\n"
	  "    set background_color=black\n"
	  "    linux    /install/gtk/vmlinuz priority=low vga=788 ---\n"
	  "    initrd   /install/gtk/initrd.gz\n}\n"
	  "submenu 'Speech' {\n  menuentry 'Rescue' { linux /install/vmlinuz "
	  "rescue/enable=true --- quiet\n initrd /install/initrd.gz } }\n" },
	{ "/boot/grub/install_start.cfg",
	  "menuentry 'Start installer' {\n    linux /install/gtk/vmlinuz "
	  "vga=788 --- quiet\n    initrd /install/gtk/initrd.gz\n}\n" },
	{ "/boot/grub/theme.cfg",
	  "set theme=/boot/grub/live-theme/theme.txt\n" },
	{ "/isolinux/isolinux.cfg",
	  "include menu.cfg\ndefault vesamenu.c32\n" },
	LINUX("/install/gtk/vmlinuz"),
	LINUX("/live/vmlinuz-6.1.0-13-amd64"),
	END,
};

/* casper, GRUB alone; a bare "grub_platform" is in the real one, too. */
static const struct fake_file ubuntu[] = {
	{ "/boot/grub/grub.cfg",
	  "set timeout=30\n\nloadfont unicode\n\nset menu_color_normal=x\n"
	  "menuentry \"Try or Install Ubuntu\" {\n\tset gfxpayload=keep\n"
	  "\tlinux\t/casper/vmlinuz  --- quiet splash\n"
	  "\tinitrd\t/casper/initrd\n}\n"
	  "menuentry \"Ubuntu (safe graphics)\" {\n\tset gfxpayload=keep\n"
	  "\tlinux\t/casper/vmlinuz nomodeset  --- quiet splash\n"
	  "\tinitrd\t/casper/initrd\n}\ngrub_platform\n"
	  "if [ \"$grub_platform\" = \"efi\" ]; then\n"
	  "menuentry 'Boot from next volume' {\n\texit 1\n}\n"
	  "menuentry 'UEFI Firmware Settings' {\n\tfwsetup\n}\nelse\n"
	  "menuentry 'Test memory' {\n\tlinux16 /boot/memtest86+x64.bin\n}\n"
	  "fi\n" },
	{ "/boot/grub/loopback.cfg",
	  "menuentry \"Try or Install Ubuntu\" {\n\tlinux\t/casper/vmlinuz  "
	  "iso-scan/filename=${iso_path} --- quiet splash\n}\n" },
	LINUX("/casper/vmlinuz"),
	END,
};

/* Mint: the same, with a submenu and OEM. */
static const struct fake_file mint[] = {
	{ "/boot/grub/grub.cfg",
	  "if loadfont /boot/grub/font.pf2 ; then\n\tset gfxmode=auto\nfi\n"
	  "menuentry \"Start Linux Mint 21.3 Cinnamon 64-bit\" --class "
	  "linuxmint {\n\tset gfxpayload=keep\n"
	  "\tlinux\t/casper/vmlinuz  file=/cdrom/preseed/linuxmint.seed "
	  "boot=casper iso-scan/filename=${iso_path} quiet splash --\n"
	  "\tinitrd\t/casper/initrd.lz\n}\n"
	  "menuentry 'Check the integrity' { linux /casper/vmlinuz boot=casper "
	  "integrity-check quiet splash --\ninitrd /casper/initrd.lz }\n" },
	LINUX("/casper/vmlinuz"),
	END,
};

/* lorax for a live medium: EFI alone has grub.cfg, by the label. */
static const struct fake_file fedora[] = {
	{ "/EFI/BOOT/grub.cfg",
	  "set default=\"1\"\n\nfunction load_video {\n  insmod efi_gop\n"
	  "  insmod all_video\n}\n\nload_video\nset gfxpayload=keep\n"
	  "set timeout=60\n### END /etc/grub.d/00_header ###\n\n"
	  "search --no-floppy --set=root -l 'LIVE_1'\n\n"
	  "menuentry 'Start Fedora-Workstation-Live 38' --class fedora "
	  "--class gnu-linux --class gnu --class os {\n"
	  "\tlinuxefi /images/pxeboot/vmlinuz root=live:CDLABEL=LIVE_1  "
	  "rd.live.image quiet rhgb\n\tinitrdefi /images/pxeboot/initrd.img\n}\n"
	  "menuentry 'Test this media & start Fedora-Workstation-Live 38' "
	  "--class fedora {\n\tlinuxefi /images/pxeboot/vmlinuz "
	  "root=live:CDLABEL=LIVE_1  rd.live.image rd.live.check quiet\n"
	  "\tinitrdefi /images/pxeboot/initrd.img\n}\n"
	  "submenu 'Troubleshooting -->' {\n"
	  "\tmenuentry 'Start in basic graphics mode' {\n"
	  "\t\tlinuxefi /images/pxeboot/vmlinuz root=live:CDLABEL=LIVE_1 "
	  "rd.live.image nomodeset quiet rhgb\n"
	  "\t\tinitrdefi /images/pxeboot/initrd.img\n\t}\n"
	  "\tmenuentry 'Boot first drive' {\n\t\tchainloader (hd0)+1\n\t}\n}\n" },
	LINUX("/images/pxeboot/vmlinuz"),
	END,
};

/* archiso: the same menu for three boot loaders. */
static const struct fake_file arch[] = {
	{ "/arch/boot/x86_64/vmlinuz-linux", "kernel" },
	{ "/boot/grub/grub.cfg",
	  "insmod iso9660\nif loadfont \"${prefix}/fonts/unicode.pf2\" ; then\n"
	  "    set gfxmode=\"auto\"\nfi\n"
	  "if serial --unit=0 --speed=115200; then\n"
	  "    terminal_output --append serial\nfi\n"
	  "if [ -z \"${ARCHISO_UUID}\" ]; then\n"
	  "    if [ -z \"${ARCHISO_HINT}\" ]; then\n"
	  "        regexp --set=1:ARCHISO_HINT '^\\(([^)]+)\\)' \"${cmdpath}\"\n"
	  "    fi\n    search --no-floppy --set=root --file "
	  "'%ARCHISO_SEARCH_FILENAME%' --hint \"${ARCHISO_HINT}\"\n"
	  "    probe --set ARCHISO_UUID --fs-uuid \"${root}\"\nfi\n"
	  "if [ \"${grub_platform}\" == 'efi' ]; then\n"
	  "    archiso_platform='UEFI'\n"
	  "elif [ \"${grub_platform}\" == 'pc' ]; then\n"
	  "    archiso_platform='BIOS'\nelse\n"
	  "    archiso_platform=\"${grub_cpu}-${grub_platform}\"\nfi\n"
	  "default=archlinux\ntimeout=15\n\n"
	  "menuentry \"Arch Linux install medium (x86_64, "
	  "${archiso_platform})\" --class arch --id 'archlinux' {\n"
	  "    set gfxpayload=keep\n    linux "
	  "/arch/boot/x86_64/vmlinuz-linux archisobasedir=arch "
	  "archisodevice=UUID=${ARCHISO_UUID}\n"
	  "    initrd /arch/boot/intel-ucode.img /arch/boot/amd-ucode.img "
	  "/arch/boot/x86_64/initramfs-linux.img\n}\n"
	  "if [ \"${grub_platform}\" == 'efi' -a \"${grub_cpu}\" == 'x86_64' "
	  "-a -f '/boot/memtest86+/memtest.efi' ]; then\n"
	  "    menuentry 'Run Memtest86+ (RAM test)' --class tool {\n"
	  "        linux /boot/memtest86+/memtest.efi\n    }\nfi\n"
	  "menuentry 'System shutdown' --class shutdown {\n    echo 'x...'\n"
	  "    halt\n}\nplay 600 988 1 1319 4\n" },
	{ "/boot/memtest86+/memtest.efi", "" },
	END,
};

/* The BIOS half of archiso, when GRUB's is not there. */
static const struct fake_file arch_syslinux[] = {
	{ "/arch/boot/x86_64/vmlinuz-linux", "kernel" },
	{ "/boot/syslinux/archiso_head.cfg",
	  "SERIAL 0 115200\nUI vesamenu.c32\nMENU TITLE Arch Linux\n"
	  "MENU BACKGROUND splash.png\n" },
	{ "/boot/syslinux/archiso_sys-linux.cfg",
	  "LABEL arch64\nTEXT HELP\nBoot the Arch Linux install medium on "
	  "BIOS.\nENDTEXT\nMENU LABEL Arch Linux install medium (x86_64, "
	  "BIOS)\nLINUX /arch/boot/x86_64/vmlinuz-linux\n"
	  "INITRD /arch/boot/intel-ucode.img,/arch/boot/x86_64/"
	  "initramfs-linux.img\n"
	  "APPEND archisobasedir=arch archisolabel=LIVE_1\n" },
	{ "/boot/syslinux/archiso_sys.cfg",
	  "INCLUDE archiso_head.cfg\n\nDEFAULT arch64\nTIMEOUT 150\n\n"
	  "INCLUDE archiso_sys-linux.cfg\n\nINCLUDE archiso_tail.cfg\n" },
	{ "/boot/syslinux/archiso_tail.cfg",
	  "LABEL existing\nMENU LABEL Boot existing OS\nCOM32 chain.c32\n"
	  "APPEND hd0 0\n\nLABEL reboot\nMENU LABEL Reboot\nCOM32 "
	  "reboot.c32\n" },
	{ "/boot/syslinux/syslinux.cfg",
	  "DEFAULT select\n\nLABEL select\nCOM32 whichsys.c32\n"
	  "APPEND -pxe- pxe -sys- sys -iso- sys\n\nLABEL pxe\n"
	  "CONFIG archiso_pxe.cfg\n\nLABEL sys\nCONFIG archiso_sys.cfg\n" },
	END,
};

/* And the EFI half: loader entries. */
static const struct fake_file arch_loader[] = {
	{ "/arch/boot/x86_64/vmlinuz-linux", "kernel" },
	{ "/loader/entries/01-archiso-linux.conf",
	  "title    Arch Linux install medium (x86_64, UEFI)\nsort-key 01\n"
	  "linux    /arch/boot/x86_64/vmlinuz-linux\n"
	  "initrd   /arch/boot/x86_64/initramfs-linux.img\n"
	  "options  archisobasedir=arch archisosearchuuid=x\n" },
	{ "/loader/entries/02-archiso-speech-linux.conf",
	  "title    Arch Linux with speech\nsort-key 02\n"
	  "linux    /arch/boot/x86_64/vmlinuz-linux\n"
	  "initrd   /arch/boot/x86_64/initramfs-linux.img\n"
	  "options  archisobasedir=arch accessibility=on\n" },
	{ "/loader/loader.conf",
	  "timeout 15\ndefault 01-archiso-linux.conf\nbeep on\n" },
	END,
};

/* kiwi of openSUSE: the commands themselves are variables. */
static const struct fake_file opensuse[] = {
	{ "/boot/grub2/grub.cfg",
	  "# kiwi generated one time grub2 config file\n"
	  "search --file --set=root /boot/0x1a2b3c4d\n"
	  "set default=0\nset timeout=10\nset linux=linux\n"
	  "set initrd=initrd\n"
	  "if [ \"${grub_cpu}\" = \"x86_64\" -o \"${grub_cpu}\" = \"i386\" "
	  "-o \"${grub_cpu}\" = arm64 ];then\n"
	  "    if [ \"${grub_platform}\" = \"efi\" ]; then\n"
	  "        set linux=linuxefi\n        set initrd=initrdefi\n    fi\n"
	  "fi\nset font=($root)/boot/unicode.pf2\n"
	  "if [ -f ($root)/boot/${font} ];then\n    loadfont ($root)/x\nfi\n"
	  "menuentry \"openSUSE_Leap_15.6_Live\" --class os --unrestricted {\n"
	  "    set gfxpayload=keep\n    echo Loading kernel...\n"
	  "    $linux ($root)/boot/x86_64/loader/linux splash=silent quiet "
	  "root=live:CDLABEL=LIVE_1 rd.live.image rd.live.overlay.persistent\n"
	  "    echo Loading initrd...\n"
	  "    $initrd ($root)/boot/x86_64/loader/initrd\n}\n"
	  "menuentry \"Boot from Hard Disk\" --class os --unrestricted {\n"
	  "    search --set=root --label EFI\n"
	  "    chainloader (${root})/EFI/BOOT/bootx64.efi\n}\n"
	  "if [ \"${grub_platform}\" = \"efi\" ]; then\n"
	  "    hiddenentry \"Text mode\" --hotkey \"t\" {\n"
	  "        set textmode=true\n    }\nfi\n" },
	LINUX("/boot/x86_64/loader/linux"),
	END,
};

static const struct fake_file kali[] = {
	{ "/boot/grub/grub.cfg",
	  "if [ ${iso_path} ] ; then\nset loopback=\"findiso=${iso_path}\"\n"
	  "fi\nsource /boot/grub/config.cfg\n"
	  "menuentry \"Live system (amd64)\" --hotkey=l {\n"
	  "\tlinux\t/live/vmlinuz boot=live components quiet splash noeject "
	  "$loopback\n\tinitrd\t/live/initrd.img\n}\n"
	  "menuentry \"Live system with USB Encrypted persistence\" {\n"
	  "\tlinux\t/live/vmlinuz boot=live persistent=cryptsetup "
	  "persistence-encryption=luks noeject\n"
	  "\tinitrd\t/live/initrd.img\n}\n" },
	LINUX("/live/vmlinuz"),
	END,
};

/* NixOS: submenus that set themselves up by a marker file each. */
static const struct fake_file nixos[] = {
	{ "/EFI/boot/grub.cfg", "" },
	{ "/EFI/BOOT/grub.cfg",
	  "set with_serial=no\nif serial; then set with_serial=yes ;fi\n"
	  "export with_serial\nclear\nset timeout=10\n"
	  "search --set=root --file /EFI/nixos-installer-image\n"
	  "set gfxmode=1920x1080,auto\n"
	  "if loadfont ($root)/EFI/boot/unicode.pf2; then\n"
	  "  set with_fonts=true\nfi\n"
	  "if [ \"$textmode\" != \"true\" -a \"$with_fonts\" == \"true\" ]; "
	  "then\n  if test \"$with_serial\" == \"yes\"; then\n"
	  "    terminal_output gfxterm serial\n  fi\nfi\n"
	  "hiddenentry 'Text mode' --hotkey 't' {\n  set textmode=true\n}\n"
	  "if [ ${iso_path} ] ; then\n  set isoboot=\"findiso=${iso_path}\"\n"
	  "fi\n\nmenuentry 'NixOS 23.11 Installer '  --class installer {\n"
	  "  linux /boot/bzImage ${isoboot} init=/nix/store/x-nixos/init  "
	  "root=LABEL=LIVE_1 boot.shell_on_fail nohibernate loglevel=4 \n"
	  "  initrd /boot/initrd\n}\n"
	  "submenu \"HiDPI, Quirks and Accessibility\" --class hidpi {\n"
	  "  search --set=root --file /EFI/nixos-installer-image\n"
	  "  submenu \"Suggests resolution @720p\" --class hidpi-720p {\n"
	  "    menuentry 'NixOS 23.11 Installer ' {\n"
	  "      linux /boot/bzImage ${isoboot} init=/nix/store/x-nixos/init "
	  "video=1280x720@60 root=LABEL=LIVE_1\n      initrd /boot/initrd\n"
	  "    }\n  }\n  submenu \"\" {return}\n}\n"
	  "if [ \"$root\" != \"cd0\" ]; then\n  menuentry 'rEFInd' {\n"
	  "    chainloader ($root)/EFI/boot/refind_x64.efi\n  }\nfi\n"
	  "menuentry 'Shutdown' --class shutdown {\n  halt\n}\n" },
	{ "/EFI/nixos-installer-image", "" },
	LINUX("/boot/bzImage"),
	END,
};

static const struct fake_file alpine[] = {
	{ "/boot/grub/grub.cfg",
	  "set timeout=1\nmenuentry \"Linux lts\" {\n"
	  "linux\t/boot/vmlinuz-lts modules=loop,squashfs,sd-mod,usb-storage "
	  "quiet \ninitrd\t/boot/initramfs-lts\n}\n" },
	{ "/boot/syslinux/syslinux.cfg",
	  "TIMEOUT 10\nPROMPT 1\nDEFAULT lts\n\nLABEL lts\n"
	  "MENU LABEL Linux lts\nKERNEL /boot/vmlinuz-lts\n"
	  "INITRD /boot/initramfs-lts\nFDTDIR /boot/dtbs-lts\n"
	  "APPEND modules=loop,squashfs,sd-mod,usb-storage quiet \n" },
	LINUX("/boot/vmlinuz-lts"),
	END,
};

/* TinyCore: ISOLINUX alone. */
static const struct fake_file tinycore[] = {
	{ "/boot/isolinux/isolinux.cfg",
	  "display boot.msg\ndefault menu.c32\nprompt 0\ntimeout 300\n"
	  "ONTIMEOUT mc\nMENU MARGIN 10\nMENU TITLE TinyCore\n\n"
	  "label tc\n\tmenu label Boot TinyCorePure64\n\tmenu default\n"
	  "\ttext help\n\tBoot TinyCorePure64 with the desktop.\n\tendtext\n"
	  "\tkernel /boot/vmlinuz64\n\tinitrd /boot/corepure64.gz\n"
	  "\tappend loglevel=3 cde waitusb=5\n\n"
	  "label mc\n\tmenu label Boot Core (command line only).\n"
	  "\tkernel /boot/vmlinuz64\n"
	  "\tappend initrd=/boot/corepure64.gz loglevel=3\n" },
	LINUX("/boot/vmlinuz64"),
	END,
};

/* The installer of Debian: a menu for ISOLINUX in nine files, and menus that
 * only set the colours before. */
static const struct fake_file debian_installer[] = {
	{ "/install.amd/vmlinuz", "kernel" },
	{ "/isolinux/adgtk.cfg",
	  "label expertgui\n\tmenu label ^Graphical expert install\n"
	  "\tkernel /install.amd/vmlinuz\n\tappend priority=low vga=788 "
	  "initrd=/install.amd/gtk/initrd.gz --- \n" },
	{ "/isolinux/isolinux.cfg",
	  "# D-I config version 2.0\npath \ninclude menu.cfg\n"
	  "default vesamenu.c32\nprompt 0\ntimeout 0\n" },
	{ "/isolinux/menu.cfg",
	  "menu hshift 4\nmenu width 70\n\nmenu title Debian GNU/Linux\n"
	  "include stdmenu.cfg\ninclude txt.cfg\nmenu begin advanced\n"
	  "    menu label ^Advanced options\n\tmenu title Advanced options\n"
	  "\tinclude stdmenu.cfg\n\tlabel mainmenu\n"
	  "\t\tmenu label ^Back..\n\t\tmenu exit\n\tinclude adgtk.cfg\n"
	  "menu end\nlabel help\n\tmenu label ^Help\n"
	  "\tconfig prompt.cfg\n" },
	{ "/isolinux/prompt.cfg",
	  "prompt 1\ndisplay f1.txt\ninclude menu.cfg\n" },
	{ "/isolinux/stdmenu.cfg", "menu color title\t* #FFFFFFFF *\n" },
	{ "/isolinux/txt.cfg",
	  "label install\n\tmenu label ^Install\n"
	  "\tkernel /install.amd/vmlinuz\n\tappend vga=788 "
	  "initrd=/install.amd/initrd.gz --- quiet \n" },
	END,
};

/* Manjaro: languages and time zones are menus that set a variable and read
 * the first menu again. */
static const struct fake_file manjaro[] = {
	{ "/boot/grub/defaults.cfg",
	  "set def_keyboard=us\nset def_timezone=UTC\n"
	  "if [ -z \"$tz\" ]; then tz=UTC; fi\nexport tz lang\n" },
	{ "/boot/grub/grub.cfg",
	  "source $prefix/defaults.cfg\nif [ -e /boot/grub/none.cfg ]; then\n"
	  "source /boot/grub/none.cfg\nfi\nsource $prefix/kernels.cfg\n" },
	{ "/boot/grub/kernels.cfg",
	  "submenu \"tz=$tz\" --class=submenu {\n source $prefix/tz.cfg\n}\n"
	  "default=1\nif [ \"${default}\" = 1 ]; then\n"
	  "menuentry \"Boot with open source drivers\" --class=manjaro {\n"
	  "    set gfxpayload=keep\n    linux /boot/vmlinuz-x86_64 "
	  "misobasedir=manjaro misolabel=LIVE_1 quiet tz=${tz} driver=free\n"
	  "    initrd /boot/intel_ucode.img /boot/initramfs-x86_64.img\n}\n"
	  "fi\n" },
	{ "/boot/grub/tz.cfg",
	  "for zone in Berlin Paris; do\n  menuentry \"$zone\" {\n"
	  "    tz=\"Europe/$1\"\n    configfile $prefix/grub.cfg\n  }\ndone\n" },
	LINUX("/boot/vmlinuz-x86_64"),
	END,
};

/* A configuration that only finds another, and kernels that are not there. */
static const struct fake_file elsewhere[] = {
	{ "/EFI/BOOT/grub.cfg",
	  "menuentry 'Gone' { linux /gone }\n"
	  "search --file --set=root /.disk/info\n"
	  "set prefix=($root)/boot/loader\nconfigfile $prefix/grub.cfg\n" },
	{ "/boot/grub/grub.cfg", "menuentry 'Gone' { linux /gone }\n" },
	{ "/boot/loader/grub.cfg", "menuentry 'There' { linux /vmlinuz }\n" },
	LINUX("/vmlinuz"),
	END,
};

/* Slax: everything in a directory of its own. */
static const struct fake_file slax[] = {
	{ "/readme.txt", "" },
	{ "/slax/01-core.sb", "" },
	{ "/slax/boot/isolinux.cfg",
	  "PROMPT 0\nUI vesamenu.c32\nLABEL default\n"
	  "MENU LABEL Run Slax (Persistent changes)\n"
	  "KERNEL /slax/boot/vmlinuz\n"
	  "APPEND initrd=/slax/boot/initrfs.img slax.flags=perch,automount\n" },
	{ "/slax/boot/vmlinuz", "kernel" },
	END,
};

static const struct {
	const char *name;
	const struct fake_file *files;
	const char *want;
} media[] = {
	{ "Debian live", debian_live,
	  "*Live system (amd64) | /live/vmlinuz-6.1.0-13-amd64 | "
	  "/live/initrd.img-6.1.0-13-amd64 | boot=live components quiet "
	  "splash findiso=\n"
	  "Live system (amd64 fail-safe mode) | /live/vmlinuz-6.1.0-13-amd64 "
	  "| /live/initrd.img-6.1.0-13-amd64 | boot=live components memtest "
	  "noapic vga=788\n"
	  "Start installer | /install/gtk/vmlinuz | /install/gtk/initrd.gz | "
	  "vga=788 --- quiet\n"
	  "Advanced install options ... > Graphical expert install | "
	  "/install/gtk/vmlinuz | /install/gtk/initrd.gz | priority=low "
	  "vga=788 ---\n"
	  "Utilities... > UEFI Firmware Settings\n" },
	{ "Ubuntu", ubuntu,
	  "*Try or Install Ubuntu | /casper/vmlinuz | /casper/initrd | --- "
	  "quiet splash\n"
	  "Ubuntu (safe graphics) | /casper/vmlinuz | /casper/initrd | "
	  "nomodeset --- quiet splash\n"
	  "Boot from next volume\nUEFI Firmware Settings\n" },
	{ "Mint", mint,
	  "*Start Linux Mint 21.3 Cinnamon 64-bit | /casper/vmlinuz | "
	  "/casper/initrd.lz | file=/cdrom/preseed/linuxmint.seed boot=casper "
	  "iso-scan/filename= quiet splash --\n"
	  "Check the integrity | /casper/vmlinuz | /casper/initrd.lz | "
	  "boot=casper integrity-check quiet splash --\n" },
	{ "Fedora", fedora,
	  "Start Fedora-Workstation-Live 38 | /images/pxeboot/vmlinuz | "
	  "/images/pxeboot/initrd.img | root=live:CDLABEL=LIVE_1 "
	  "rd.live.image quiet rhgb\n"
	  "*Test this media & start Fedora-Workstation-Live 38 | "
	  "/images/pxeboot/vmlinuz | /images/pxeboot/initrd.img | "
	  "root=live:CDLABEL=LIVE_1 rd.live.image rd.live.check quiet\n"
	  "Troubleshooting --> > Start in basic graphics mode | "
	  "/images/pxeboot/vmlinuz | /images/pxeboot/initrd.img | "
	  "root=live:CDLABEL=LIVE_1 rd.live.image nomodeset quiet rhgb\n"
	  "Troubleshooting --> > Boot first drive\n" },
	{ "Arch", arch,
	  "*Arch Linux install medium (x86_64, UEFI) | "
	  "/arch/boot/x86_64/vmlinuz-linux | /arch/boot/intel-ucode.img,"
	  "/arch/boot/amd-ucode.img,/arch/boot/x86_64/initramfs-linux.img | "
	  "archisobasedir=arch archisodevice=UUID=2026-11-21-10-20-30-00\n"
	  "Run Memtest86+ (RAM test)\nSystem shutdown\n" },
	{ "Arch by SYSLINUX", arch_syslinux,
	  "*Arch Linux install medium (x86_64, BIOS) | "
	  "/arch/boot/x86_64/vmlinuz-linux | /arch/boot/intel-ucode.img,"
	  "/arch/boot/x86_64/initramfs-linux.img | archisobasedir=arch "
	  "archisolabel=LIVE_1\nBoot existing OS\nReboot\n" },
	{ "Arch by loader entries", arch_loader,
	  "*Arch Linux install medium (x86_64, UEFI) | "
	  "/arch/boot/x86_64/vmlinuz-linux | "
	  "/arch/boot/x86_64/initramfs-linux.img | archisobasedir=arch "
	  "archisosearchuuid=x\n"
	  "Arch Linux with speech | /arch/boot/x86_64/vmlinuz-linux | "
	  "/arch/boot/x86_64/initramfs-linux.img | archisobasedir=arch "
	  "accessibility=on\n" },
	{ "openSUSE", opensuse,
	  "*openSUSE_Leap_15.6_Live | /boot/x86_64/loader/linux | "
	  "/boot/x86_64/loader/initrd | splash=silent quiet "
	  "root=live:CDLABEL=LIVE_1 rd.live.image "
	  "rd.live.overlay.persistent\nBoot from Hard Disk\n" },
	{ "Kali", kali,
	  "*Live system (amd64) | /live/vmlinuz | /live/initrd.img | "
	  "boot=live components quiet splash noeject\n"
	  "Live system with USB Encrypted persistence | /live/vmlinuz | "
	  "/live/initrd.img | boot=live persistent=cryptsetup "
	  "persistence-encryption=luks noeject\n" },
	{ "NixOS", nixos,
	  "*NixOS 23.11 Installer | /boot/bzImage | /boot/initrd | "
	  "init=/nix/store/x-nixos/init root=LABEL=LIVE_1 "
	  "boot.shell_on_fail nohibernate loglevel=4\n"
	  "HiDPI, Quirks and Accessibility > Suggests resolution @720p > "
	  "NixOS 23.11 Installer | /boot/bzImage | /boot/initrd | "
	  "init=/nix/store/x-nixos/init video=1280x720@60 "
	  "root=LABEL=LIVE_1\nShutdown\n" },
	{ "Alpine", alpine,
	  "*Linux lts | /boot/vmlinuz-lts | /boot/initramfs-lts | "
	  "modules=loop,squashfs,sd-mod,usb-storage quiet\n" },
	{ "TinyCore", tinycore,
	  "*Boot TinyCorePure64 | /boot/vmlinuz64 | /boot/corepure64.gz | "
	  "loglevel=3 cde waitusb=5\n"
	  "Boot Core (command line only). | /boot/vmlinuz64 | "
	  "/boot/corepure64.gz | loglevel=3\n" },
	{ "the installer of Debian", debian_installer,
	  "*Install | /install.amd/vmlinuz | /install.amd/initrd.gz | vga=788 "
	  "--- quiet\n"
	  "Advanced options > Graphical expert install | /install.amd/vmlinuz "
	  "| /install.amd/gtk/initrd.gz | priority=low vga=788 ---\n" },
	{ "Manjaro", manjaro,
	  "*Boot with open source drivers | /boot/vmlinuz-x86_64 | "
	  "/boot/intel_ucode.img,/boot/initramfs-x86_64.img | "
	  "misobasedir=manjaro misolabel=LIVE_1 quiet tz=UTC driver=free\n" },
	{ "Slax", slax,
	  "*Run Slax (Persistent changes) | /slax/boot/vmlinuz | "
	  "/slax/boot/initrfs.img | slax.flags=perch,automount\n" },
	{ "a configuration elsewhere", elsewhere, "*There | /vmlinuz |  | \n" },
};

static void test_media(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(media); i++) {
		_cleanup_boot_menu struct boot_menu menu = { 0 };
		struct boot_files files = fake_medium(media[i].files);
		struct failure failure = { 0 };

		ok_int(boot_menu_of_files(&files, "x.iso", &menu, &failure), 0,
		       media[i].name);
		ok_str(menu_text(&menu), media[i].want, media[i].name);
	}
}

static void check_none(const struct fake_file *list, int want_r,
		       const char *want)
{
	struct boot_files files = fake_medium(list);
	struct failure failure = { 0 };
	struct boot_menu menu = { 0 };

	ok_int(boot_menu_of_files(&files, "x.iso", &menu, &failure), want_r,
	       "no menu");
	ok_str(failure.text, want, "and why");
}

static void test_none(void)
{
	static const struct fake_file nothing[] = { END };
	static const struct fake_file windows[] = {
		{ "/boot/grub/grub.cfg",
		  "menuentry Windows { chainloader /efi/boot/bootx64.efi }" },
		{ "/isolinux/isolinux.cfg", "label x\nkernel vmlinuz\n" },
		END,
	};

	check_none(nothing, -ENOENT,
		   "x.iso: has no configuration of GRUB, SYSLINUX or "
		   "systemd-boot");
	check_none(windows, -ENODATA,
		   "x.iso: no entry of /boot/grub/grub.cfg, "
		   "/isolinux/isolinux.cfg starts a Linux kernel "
		   "that is there");
}

/* --- boot_menu_read, on an image of the fuzzer's corpus --- */

#define SYSTEM_AREA (16 * 2048) /* which the files there lack */

struct image {
	char *bytes;
	size_t len;
	int error; /* of the server that it lies on; 0: none */
};

static int read_image(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *failure)
{
	const struct image *image = reader->context;
	char *to = buf;

	if (image->error)
		return failure_set(failure, -image->error, "connection cut");
	for (size_t i = 0; i < len; i++, offset++)
		to[i] = offset >= SYSTEM_AREA &&
					offset - SYSTEM_AREA < image->len
				? image->bytes[offset - SYSTEM_AREA]
				: 0;
	return 0;
}

static void test_image(void)
{
	_cleanup_boot_menu struct boot_menu menu = { 0 };
	struct failure failure = { 0 };
	struct image image = { 0 };
	const struct reader reader = {
		.name = "x.iso",
		.size = GIB,
		.read = read_image,
		.context = &image,
	};
	struct iso iso = { 0 };

	ok_int(host_read("tests/fuzz/corpus/iso/rock-ridge", MIB, &image.bytes,
			 &image.len),
	       0, "an image");
	ok_int(iso_open(&iso, &reader, &failure), 0, "is opened");
	ok_int(boot_menu_read(&iso, &menu, &failure), 0, "and read");
	ok_str(menu_text(&menu), "*Live | /live/vmlinuz |  | \n", "its menu");
	if (menu.count == 1)
		ok_str(menu.entries[0].file, "/boot/grub/grub.cfg",
		       "and where from");
	boot_menu_clear(&menu);
	image.error = -ETIMEDOUT;
	ok_int(boot_menu_read(&iso, &menu, &failure), -ETIMEDOUT,
	       "a server that fails is no lack of a menu");
	ok_str(failure.text, "connection cut", "and is told");
	free(image.bytes);
}

/* --- boot_menu_find --- */

static void check_find(const struct boot_menu *menu, const char *label,
		       int want, size_t index, const char *text)
{
	struct failure failure = { 0 };
	size_t found = 0;

	ok_int(boot_menu_find(menu, label, &found, &failure), want, label);
	ok_int((int64_t)found, (int64_t)index, "the entry");
	ok_str(failure.text, text, "the message");
}

static void test_find(void)
{
	_cleanup_boot_menu struct boot_menu menu = { 0 };
	struct boot_files files = fake_medium(debian_live);

	ok_int(grub_menu(&files, "/boot/grub/grub.cfg", &menu), 0, "a menu");
	check_find(&menu, "Live system (amd64)", 0, 0, "");
	check_find(&menu, "LIVE SYSTEM (AMD64)", 0, 0, "");
	check_find(&menu, "rescue", 0, 4, "");
	check_find(&menu, "Advanced install options ... > Speech > Rescue", 0,
		   4, "");
	check_find(&menu, "expert", 0, 3, "");
	check_find(&menu, "2", 0, 1, "");
	check_find(&menu, "6", 0, 5, "");
	check_find(&menu, "live", -ENOTUNIQ, 0,
		   "\"live\" stands for several entries: 1 \"Live system "
		   "(amd64)\", 2 \"Live system (amd64 fail-safe mode)\"; give "
		   "the number of one");
	check_find(
		&menu, "7", -ENOENT, 0,
		"no entry \"7\"; there are 1 \"Live system (amd64)\", 2 "
		"\"Live system (amd64 fail-safe mode)\", 3 \"Start "
		"installer\", 4 \"Advanced install options ... > Graphical\", ...");
	check_find(
		&menu, "", -ENOENT, 0,
		"no entry \"\"; there are 1 \"Live system (amd64)\", 2 "
		"\"Live system (amd64 fail-safe mode)\", 3 \"Start "
		"installer\", 4 \"Advanced install options ... > Graphical\", ...");
}

int main(void)
{
	test_media();
	test_none();
	test_image();
	test_find();
	return tap_done();
}
