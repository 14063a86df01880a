// Generated from proof/cuda/product-dp4a.cu by `npm run generate` with nvcc 13.0.88. Do not edit.
// Sources: 0636e8645e8e12fb9c4b202b6a6c2b96c5a004fdb7267b188e4cca280d585a93

export const productDp4a = `.version 7.0
.target sm_75
.address_size 64
	// .globl	product
.visible .entry product(
	.param .u64 product_param_0,
	.param .u64 product_param_1,
	.param .u64 product_param_2,
	.param .u32 product_param_3,
	.param .u32 product_param_4
)
{
	.reg .pred 	%p<4>;
	.reg .b32 	%r<528>;
	.reg .b64 	%rd<23>;
	// demoted variable
	.shared .align 16 .b8 _ZZ7productE4rows[4352];
	// demoted variable
	.shared .align 16 .b8 _ZZ7productE7columns[4352];
	// demoted variable
	.shared .align 16 .b8 _ZZ7productE6turned[5120];
	ld.param.u64 	%rd5, [product_param_0];
	ld.param.u64 	%rd6, [product_param_1];
	ld.param.u64 	%rd7, [product_param_2];
	ld.param.u32 	%r78, [product_param_3];
	ld.param.u32 	%r79, [product_param_4];
	mov.u32 	%r80, %ctaid.y;
	shl.b32 	%r1, %r80, 6;
	mov.u32 	%r81, %ctaid.x;
	shl.b32 	%r2, %r81, 6;
	mov.u32 	%r3, %tid.x;
	and.b32  	%r4, %r3, 15;
	shr.u32 	%r5, %r3, 4;
	setp.eq.s32 	%p1, %r78, 0;
	@%p1 bra 	$L__BB0_5;
	shr.u32 	%r99, %r3, 2;
	add.s32 	%r100, %r99, %r1;
	mul.wide.u32 	%rd8, %r78, %r100;
	shl.b32 	%r101, %r3, 4;
	and.b32  	%r102, %r101, 48;
	cvt.u64.u32 	%rd9, %r102;
	add.s64 	%rd1, %rd8, %rd9;
	shl.b32 	%r103, %r3, 2;
	and.b32  	%r104, %r103, 12;
	mad.lo.s32 	%r105, %r99, 17, %r104;
	shl.b32 	%r106, %r105, 2;
	mov.u32 	%r107, _ZZ7productE4rows;
	add.s32 	%r6, %r107, %r106;
	add.s32 	%r108, %r99, %r2;
	mul.wide.u32 	%rd10, %r78, %r108;
	add.s64 	%rd2, %rd10, %rd9;
	mov.u32 	%r109, _ZZ7productE7columns;
	add.s32 	%r7, %r109, %r106;
	mad.lo.s32 	%r8, %r5, 68, %r107;
	mad.lo.s32 	%r9, %r4, 68, %r109;
	cvta.to.global.u64 	%rd3, %rd5;
	cvta.to.global.u64 	%rd4, %rd6;
	mov.u32 	%r496, 0;
	mov.u32 	%r497, %r496;
	mov.u32 	%r498, %r496;
	mov.u32 	%r499, %r496;
	mov.u32 	%r500, %r496;
	mov.u32 	%r501, %r496;
	mov.u32 	%r502, %r496;
	mov.u32 	%r503, %r496;
	mov.u32 	%r504, %r496;
	mov.u32 	%r505, %r496;
	mov.u32 	%r506, %r496;
	mov.u32 	%r507, %r496;
	mov.u32 	%r508, %r496;
	mov.u32 	%r509, %r496;
	mov.u32 	%r510, %r496;
	mov.u32 	%r511, %r496;
	mov.u32 	%r494, %r496;
$L__BB0_2:
	cvt.u64.u32 	%rd11, %r494;
	add.s64 	%rd12, %rd1, %rd11;
	add.s64 	%rd13, %rd3, %rd12;
	ld.global.v4.u32 	{%r111, %r112, %r113, %r114}, [%rd13];
	st.shared.u32 	[%r6], %r111;
	st.shared.u32 	[%r6+4], %r112;
	st.shared.u32 	[%r6+8], %r113;
	st.shared.u32 	[%r6+12], %r114;
	add.s64 	%rd14, %rd2, %rd11;
	add.s64 	%rd15, %rd4, %rd14;
	ld.global.v4.u32 	{%r119, %r120, %r121, %r122}, [%rd15];
	st.shared.u32 	[%r7], %r119;
	st.shared.u32 	[%r7+4], %r120;
	st.shared.u32 	[%r7+8], %r121;
	st.shared.u32 	[%r7+12], %r122;
	bar.sync 	0;
	mov.u32 	%r495, 2176;
$L__BB0_3:
	add.s32 	%r255, %r8, %r495;
	ld.shared.u32 	%r128, [%r255+-2176];
	ld.shared.u32 	%r144, [%r255+-1088];
	ld.shared.u32 	%r160, [%r255];
	ld.shared.u32 	%r176, [%r255+1088];
	add.s32 	%r256, %r9, %r495;
	ld.shared.u32 	%r129, [%r256+-2176];
	ld.shared.u32 	%r133, [%r256+-1088];
	ld.shared.u32 	%r137, [%r256];
	ld.shared.u32 	%r141, [%r256+1088];
	// begin inline asm
	dp4a.s32.s32 %r127, %r128, %r129, %r503;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r131, %r128, %r133, %r502;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r135, %r128, %r137, %r501;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r139, %r128, %r141, %r500;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r143, %r144, %r129, %r499;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r147, %r144, %r133, %r498;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r151, %r144, %r137, %r497;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r155, %r144, %r141, %r496;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r159, %r160, %r129, %r504;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r163, %r160, %r133, %r505;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r167, %r160, %r137, %r506;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r171, %r160, %r141, %r507;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r175, %r176, %r129, %r508;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r179, %r176, %r133, %r509;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r183, %r176, %r137, %r510;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r187, %r176, %r141, %r511;
	// end inline asm
	ld.shared.u32 	%r204, [%r255+-2172];
	ld.shared.u32 	%r220, [%r255+-1084];
	ld.shared.u32 	%r236, [%r255+4];
	ld.shared.u32 	%r252, [%r255+1092];
	ld.shared.u32 	%r241, [%r256+-2172];
	ld.shared.u32 	%r245, [%r256+-1084];
	ld.shared.u32 	%r249, [%r256+4];
	ld.shared.u32 	%r253, [%r256+1092];
	// begin inline asm
	dp4a.s32.s32 %r503, %r204, %r241, %r127;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r502, %r204, %r245, %r131;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r501, %r204, %r249, %r135;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r500, %r204, %r253, %r139;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r499, %r220, %r241, %r143;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r498, %r220, %r245, %r147;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r497, %r220, %r249, %r151;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r496, %r220, %r253, %r155;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r504, %r236, %r241, %r159;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r505, %r236, %r245, %r163;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r506, %r236, %r249, %r167;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r507, %r236, %r253, %r171;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r508, %r252, %r241, %r175;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r509, %r252, %r245, %r179;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r510, %r252, %r249, %r183;
	// end inline asm
	// begin inline asm
	dp4a.s32.s32 %r511, %r252, %r253, %r187;
	// end inline asm
	add.s32 	%r495, %r495, 8;
	setp.ne.s32 	%p2, %r495, 2240;
	@%p2 bra 	$L__BB0_3;
	bar.sync 	0;
	add.s32 	%r494, %r494, 64;
	setp.lt.u32 	%p3, %r494, %r78;
	@%p3 bra 	$L__BB0_2;
	bra.uni 	$L__BB0_6;
$L__BB0_5:
	mov.u32 	%r496, 0;
	mov.u32 	%r497, %r496;
	mov.u32 	%r498, %r496;
	mov.u32 	%r499, %r496;
	mov.u32 	%r500, %r496;
	mov.u32 	%r501, %r496;
	mov.u32 	%r502, %r496;
	mov.u32 	%r503, %r496;
	mov.u32 	%r504, %r496;
	mov.u32 	%r505, %r496;
	mov.u32 	%r506, %r496;
	mov.u32 	%r507, %r496;
	mov.u32 	%r508, %r496;
	mov.u32 	%r509, %r496;
	mov.u32 	%r510, %r496;
	mov.u32 	%r511, %r496;
$L__BB0_6:
	shr.u32 	%r273, %r3, 2;
	add.s32 	%r274, %r273, %r2;
	mul.wide.u32 	%rd16, %r78, %r274;
	shl.b32 	%r275, %r3, 4;
	and.b32  	%r276, %r275, 48;
	cvt.u64.u32 	%rd17, %r276;
	add.s32 	%r277, %r5, %r1;
	mad.lo.s32 	%r278, %r277, %r78, %r2;
	add.s32 	%r279, %r278, %r4;
	mul.lo.s32 	%r280, %r79, -2048144777;
	mad.lo.s32 	%r281, %r279, -1640531535, %r280;
	add.s32 	%r282, %r281, %r503;
	shr.u32 	%r283, %r282, 16;
	xor.b32  	%r284, %r283, %r282;
	mul.lo.s32 	%r285, %r284, -2048144789;
	shr.u32 	%r286, %r285, 13;
	xor.b32  	%r287, %r286, %r285;
	mul.lo.s32 	%r288, %r287, -1028477387;
	shr.u32 	%r289, %r288, 16;
	xor.b32  	%r290, %r289, %r288;
	mad.lo.s32 	%r291, %r4, 80, %r5;
	mov.u32 	%r292, _ZZ7productE6turned;
	add.s32 	%r293, %r292, %r291;
	st.shared.u8 	[%r293], %r290;
	or.b32  	%r294, %r4, 16;
	add.s32 	%r295, %r278, %r294;
	mad.lo.s32 	%r296, %r295, -1640531535, %r280;
	add.s32 	%r297, %r296, %r502;
	shr.u32 	%r298, %r297, 16;
	xor.b32  	%r299, %r298, %r297;
	mul.lo.s32 	%r300, %r299, -2048144789;
	shr.u32 	%r301, %r300, 13;
	xor.b32  	%r302, %r301, %r300;
	mul.lo.s32 	%r303, %r302, -1028477387;
	shr.u32 	%r304, %r303, 16;
	xor.b32  	%r305, %r304, %r303;
	st.shared.u8 	[%r293+1280], %r305;
	or.b32  	%r306, %r4, 32;
	add.s32 	%r307, %r278, %r306;
	mad.lo.s32 	%r308, %r307, -1640531535, %r280;
	add.s32 	%r309, %r308, %r501;
	shr.u32 	%r310, %r309, 16;
	xor.b32  	%r311, %r310, %r309;
	mul.lo.s32 	%r312, %r311, -2048144789;
	shr.u32 	%r313, %r312, 13;
	xor.b32  	%r314, %r313, %r312;
	mul.lo.s32 	%r315, %r314, -1028477387;
	shr.u32 	%r316, %r315, 16;
	xor.b32  	%r317, %r316, %r315;
	st.shared.u8 	[%r293+2560], %r317;
	or.b32  	%r318, %r4, 48;
	add.s32 	%r319, %r278, %r318;
	mad.lo.s32 	%r320, %r319, -1640531535, %r280;
	add.s32 	%r321, %r320, %r500;
	shr.u32 	%r322, %r321, 16;
	xor.b32  	%r323, %r322, %r321;
	mul.lo.s32 	%r324, %r323, -2048144789;
	shr.u32 	%r325, %r324, 13;
	xor.b32  	%r326, %r325, %r324;
	mul.lo.s32 	%r327, %r326, -1028477387;
	shr.u32 	%r328, %r327, 16;
	xor.b32  	%r329, %r328, %r327;
	st.shared.u8 	[%r293+3840], %r329;
	add.s32 	%r330, %r277, 16;
	mad.lo.s32 	%r331, %r330, %r78, %r2;
	add.s32 	%r332, %r331, %r4;
	mad.lo.s32 	%r333, %r332, -1640531535, %r280;
	add.s32 	%r334, %r333, %r499;
	shr.u32 	%r335, %r334, 16;
	xor.b32  	%r336, %r335, %r334;
	mul.lo.s32 	%r337, %r336, -2048144789;
	shr.u32 	%r338, %r337, 13;
	xor.b32  	%r339, %r338, %r337;
	mul.lo.s32 	%r340, %r339, -1028477387;
	shr.u32 	%r341, %r340, 16;
	xor.b32  	%r342, %r341, %r340;
	st.shared.u8 	[%r293+16], %r342;
	add.s32 	%r343, %r331, %r294;
	mad.lo.s32 	%r344, %r343, -1640531535, %r280;
	add.s32 	%r345, %r344, %r498;
	shr.u32 	%r346, %r345, 16;
	xor.b32  	%r347, %r346, %r345;
	mul.lo.s32 	%r348, %r347, -2048144789;
	shr.u32 	%r349, %r348, 13;
	xor.b32  	%r350, %r349, %r348;
	mul.lo.s32 	%r351, %r350, -1028477387;
	shr.u32 	%r352, %r351, 16;
	xor.b32  	%r353, %r352, %r351;
	st.shared.u8 	[%r293+1296], %r353;
	add.s32 	%r354, %r331, %r306;
	mad.lo.s32 	%r355, %r354, -1640531535, %r280;
	add.s32 	%r356, %r355, %r497;
	shr.u32 	%r357, %r356, 16;
	xor.b32  	%r358, %r357, %r356;
	mul.lo.s32 	%r359, %r358, -2048144789;
	shr.u32 	%r360, %r359, 13;
	xor.b32  	%r361, %r360, %r359;
	mul.lo.s32 	%r362, %r361, -1028477387;
	shr.u32 	%r363, %r362, 16;
	xor.b32  	%r364, %r363, %r362;
	st.shared.u8 	[%r293+2576], %r364;
	add.s32 	%r365, %r331, %r318;
	mad.lo.s32 	%r366, %r365, -1640531535, %r280;
	add.s32 	%r367, %r366, %r496;
	shr.u32 	%r368, %r367, 16;
	xor.b32  	%r369, %r368, %r367;
	mul.lo.s32 	%r370, %r369, -2048144789;
	shr.u32 	%r371, %r370, 13;
	xor.b32  	%r372, %r371, %r370;
	mul.lo.s32 	%r373, %r372, -1028477387;
	shr.u32 	%r374, %r373, 16;
	xor.b32  	%r375, %r374, %r373;
	st.shared.u8 	[%r293+3856], %r375;
	add.s32 	%r376, %r277, 32;
	mad.lo.s32 	%r377, %r376, %r78, %r2;
	add.s32 	%r378, %r377, %r4;
	mad.lo.s32 	%r379, %r378, -1640531535, %r280;
	add.s32 	%r380, %r379, %r504;
	shr.u32 	%r381, %r380, 16;
	xor.b32  	%r382, %r381, %r380;
	mul.lo.s32 	%r383, %r382, -2048144789;
	shr.u32 	%r384, %r383, 13;
	xor.b32  	%r385, %r384, %r383;
	mul.lo.s32 	%r386, %r385, -1028477387;
	shr.u32 	%r387, %r386, 16;
	xor.b32  	%r388, %r387, %r386;
	st.shared.u8 	[%r293+32], %r388;
	add.s32 	%r389, %r377, %r294;
	mad.lo.s32 	%r390, %r389, -1640531535, %r280;
	add.s32 	%r391, %r390, %r505;
	shr.u32 	%r392, %r391, 16;
	xor.b32  	%r393, %r392, %r391;
	mul.lo.s32 	%r394, %r393, -2048144789;
	shr.u32 	%r395, %r394, 13;
	xor.b32  	%r396, %r395, %r394;
	mul.lo.s32 	%r397, %r396, -1028477387;
	shr.u32 	%r398, %r397, 16;
	xor.b32  	%r399, %r398, %r397;
	st.shared.u8 	[%r293+1312], %r399;
	add.s32 	%r400, %r377, %r306;
	mad.lo.s32 	%r401, %r400, -1640531535, %r280;
	add.s32 	%r402, %r401, %r506;
	shr.u32 	%r403, %r402, 16;
	xor.b32  	%r404, %r403, %r402;
	mul.lo.s32 	%r405, %r404, -2048144789;
	shr.u32 	%r406, %r405, 13;
	xor.b32  	%r407, %r406, %r405;
	mul.lo.s32 	%r408, %r407, -1028477387;
	shr.u32 	%r409, %r408, 16;
	xor.b32  	%r410, %r409, %r408;
	st.shared.u8 	[%r293+2592], %r410;
	add.s32 	%r411, %r377, %r318;
	mad.lo.s32 	%r412, %r411, -1640531535, %r280;
	add.s32 	%r413, %r412, %r507;
	shr.u32 	%r414, %r413, 16;
	xor.b32  	%r415, %r414, %r413;
	mul.lo.s32 	%r416, %r415, -2048144789;
	shr.u32 	%r417, %r416, 13;
	xor.b32  	%r418, %r417, %r416;
	mul.lo.s32 	%r419, %r418, -1028477387;
	shr.u32 	%r420, %r419, 16;
	xor.b32  	%r421, %r420, %r419;
	st.shared.u8 	[%r293+3872], %r421;
	add.s32 	%r422, %r277, 48;
	mad.lo.s32 	%r423, %r422, %r78, %r2;
	add.s32 	%r424, %r423, %r4;
	mad.lo.s32 	%r425, %r424, -1640531535, %r280;
	add.s32 	%r426, %r425, %r508;
	shr.u32 	%r427, %r426, 16;
	xor.b32  	%r428, %r427, %r426;
	mul.lo.s32 	%r429, %r428, -2048144789;
	shr.u32 	%r430, %r429, 13;
	xor.b32  	%r431, %r430, %r429;
	mul.lo.s32 	%r432, %r431, -1028477387;
	shr.u32 	%r433, %r432, 16;
	xor.b32  	%r434, %r433, %r432;
	st.shared.u8 	[%r293+48], %r434;
	add.s32 	%r435, %r423, %r294;
	mad.lo.s32 	%r436, %r435, -1640531535, %r280;
	add.s32 	%r437, %r436, %r509;
	shr.u32 	%r438, %r437, 16;
	xor.b32  	%r439, %r438, %r437;
	mul.lo.s32 	%r440, %r439, -2048144789;
	shr.u32 	%r441, %r440, 13;
	xor.b32  	%r442, %r441, %r440;
	mul.lo.s32 	%r443, %r442, -1028477387;
	shr.u32 	%r444, %r443, 16;
	xor.b32  	%r445, %r444, %r443;
	st.shared.u8 	[%r293+1328], %r445;
	add.s32 	%r446, %r423, %r306;
	mad.lo.s32 	%r447, %r446, -1640531535, %r280;
	add.s32 	%r448, %r447, %r510;
	shr.u32 	%r449, %r448, 16;
	xor.b32  	%r450, %r449, %r448;
	mul.lo.s32 	%r451, %r450, -2048144789;
	shr.u32 	%r452, %r451, 13;
	xor.b32  	%r453, %r452, %r451;
	mul.lo.s32 	%r454, %r453, -1028477387;
	shr.u32 	%r455, %r454, 16;
	xor.b32  	%r456, %r455, %r454;
	st.shared.u8 	[%r293+2608], %r456;
	add.s32 	%r457, %r423, %r318;
	mad.lo.s32 	%r458, %r457, -1640531535, %r280;
	add.s32 	%r459, %r458, %r511;
	shr.u32 	%r460, %r459, 16;
	xor.b32  	%r461, %r460, %r459;
	mul.lo.s32 	%r462, %r461, -2048144789;
	shr.u32 	%r463, %r462, 13;
	xor.b32  	%r464, %r463, %r462;
	mul.lo.s32 	%r465, %r464, -1028477387;
	shr.u32 	%r466, %r465, 16;
	xor.b32  	%r467, %r466, %r465;
	st.shared.u8 	[%r293+3888], %r467;
	bar.sync 	0;
	cvt.u64.u32 	%rd18, %r1;
	add.s64 	%rd19, %rd17, %rd18;
	add.s64 	%rd20, %rd19, %rd16;
	cvta.to.global.u64 	%rd21, %rd7;
	add.s64 	%rd22, %rd21, %rd20;
	mad.lo.s32 	%r468, %r273, 80, %r276;
	add.s32 	%r469, %r292, %r468;
	ld.shared.v4.u32 	{%r470, %r471, %r472, %r473}, [%r469];
	st.global.v4.u32 	[%rd22], {%r470, %r471, %r472, %r473};
	ret;
}
`;
