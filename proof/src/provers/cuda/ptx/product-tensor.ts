// Generated from proof/cuda/product-tensor.cu by `npm run generate` with nvcc 13.0.88. Do not edit.
// Sources: a3b4c14369045d9238c2b126a6e556897548a120d76fa553f5503cd09fdb0568

export const productTensor = `.version 7.0
.target sm_80
.address_size 64
	// .globl	product
.visible .entry product(
	.param .u64 product_param_0,
	.param .u64 product_param_1,
	.param .u64 product_param_2,
	.param .u32 product_param_3,
	.param .u32 product_param_4
)
.maxntid 256, 1, 1
.minnctapersm 2
{
	.reg .pred 	%p<32>;
	.reg .b16 	%rs<8>;
	.reg .b32 	%r<2188>;
	.reg .b64 	%rd<144>;
	// demoted variable
	.shared .align 128 .b8 _ZZ7productPKhS0_PhjjE6shared[49152];
	ld.param.u64 	%rd20, [product_param_0];
	ld.param.u64 	%rd21, [product_param_1];
	ld.param.u32 	%r257, [product_param_3];
	mov.u32 	%r260, %ctaid.y;
	shl.b32 	%r1, %r260, 7;
	mov.u32 	%r261, %ctaid.x;
	shl.b32 	%r2, %r261, 7;
	mov.u32 	%r3, %tid.x;
	and.b32  	%r4, %r3, 31;
	shl.b32 	%r262, %r3, 1;
	and.b32  	%r5, %r262, 64;
	shr.u32 	%r263, %r3, 1;
	and.b32  	%r6, %r263, 2147483616;
	shr.u32 	%r7, %r257, 6;
	mov.u32 	%r264, 511;
	sub.s32 	%r8, %r264, %r3;
	shr.u32 	%r265, %r8, 8;
	add.s32 	%r266, %r265, 1;
	and.b32  	%r9, %r266, 3;
	shr.u32 	%r267, %r3, 2;
	shl.b32 	%r268, %r267, 6;
	shr.u32 	%r10, %r3, 3;
	xor.b32  	%r269, %r10, %r3;
	shl.b32 	%r270, %r269, 4;
	and.b32  	%r271, %r270, 48;
	add.s32 	%r272, %r267, %r1;
	cvt.u64.u32 	%rd1, %r257;
	mul.wide.u32 	%rd2, %r272, %r257;
	shl.b32 	%r273, %r3, 4;
	and.b32  	%r274, %r273, 48;
	cvt.u64.u32 	%rd3, %r274;
	add.s32 	%r11, %r3, 256;
	shr.u32 	%r275, %r11, 2;
	shl.b32 	%r276, %r275, 6;
	shr.u32 	%r277, %r11, 3;
	xor.b32  	%r278, %r277, %r11;
	shl.b32 	%r279, %r278, 4;
	and.b32  	%r280, %r279, 48;
	add.s32 	%r281, %r275, %r1;
	mul.wide.u32 	%rd4, %r281, %r257;
	add.s32 	%r12, %r3, 512;
	or.b32  	%r13, %r271, %r268;
	add.s32 	%r282, %r267, %r2;
	mul.wide.u32 	%rd5, %r282, %r257;
	shr.u32 	%r283, %r12, 2;
	shl.b32 	%r284, %r283, 6;
	shr.u32 	%r285, %r12, 3;
	xor.b32  	%r286, %r285, %r12;
	shl.b32 	%r287, %r286, 4;
	and.b32  	%r288, %r287, 48;
	add.s32 	%r289, %r283, %r1;
	mul.wide.u32 	%rd6, %r289, %r257;
	add.s32 	%r14, %r3, 768;
	or.b32  	%r15, %r280, %r276;
	add.s32 	%r290, %r275, %r2;
	mul.wide.u32 	%rd7, %r290, %r257;
	or.b32  	%r16, %r288, %r284;
	add.s32 	%r291, %r283, %r2;
	mul.wide.u32 	%rd8, %r291, %r257;
	mov.u32 	%r2047, 0;
$L__BB0_1:
	setp.le.u32 	%p1, %r7, %r2047;
	@%p1 bra 	$L__BB0_18;
	setp.gt.u32 	%p2, %r3, 511;
	cvt.u16.u32 	%rs1, %r2047;
	and.b16  	%rs2, %rs1, 255;
	mul.wide.u16 	%r292, %rs2, -21845;
	shr.u32 	%r293, %r292, 17;
	cvt.u16.u32 	%rs3, %r293;
	mul.lo.s16 	%rs4, %rs3, 3;
	sub.s16 	%rs5, %rs2, %rs4;
	cvt.u32.u16 	%r294, %rs5;
	mul.wide.u32 	%rd9, %r294, 16384;
	shl.b32 	%r18, %r2047, 6;
	@%p2 bra 	$L__BB0_10;
	setp.eq.s32 	%p3, %r9, 0;
	cvt.u64.u32 	%rd10, %r18;
	cvt.u32.u64 	%r19, %rd9;
	mov.u32 	%r2048, %r3;
	@%p3 bra 	$L__BB0_7;
	setp.eq.s32 	%p4, %r9, 1;
	add.s64 	%rd24, %rd3, %rd10;
	add.s64 	%rd25, %rd24, %rd2;
	add.s64 	%rd23, %rd20, %rd25;
	add.s32 	%r296, %r13, %r19;
	mov.u32 	%r297, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r295, %r297, %r296;
	// begin inline asm
	cp.async.cg.shared.global [%r295], [%rd23], 16;
	// end inline asm
	mov.u32 	%r2048, %r11;
	@%p4 bra 	$L__BB0_7;
	setp.eq.s32 	%p5, %r9, 2;
	add.s64 	%rd28, %rd24, %rd4;
	add.s64 	%rd26, %rd20, %rd28;
	add.s32 	%r299, %r15, %r19;
	add.s32 	%r298, %r297, %r299;
	// begin inline asm
	cp.async.cg.shared.global [%r298], [%rd26], 16;
	// end inline asm
	mov.u32 	%r2048, %r12;
	@%p5 bra 	$L__BB0_7;
	add.s64 	%rd31, %rd24, %rd6;
	add.s64 	%rd29, %rd20, %rd31;
	add.s32 	%r302, %r16, %r19;
	add.s32 	%r301, %r297, %r302;
	// begin inline asm
	cp.async.cg.shared.global [%r301], [%rd29], 16;
	// end inline asm
	mov.u32 	%r2048, %r14;
$L__BB0_7:
	setp.lt.u32 	%p6, %r8, 768;
	@%p6 bra 	$L__BB0_10;
	and.b32  	%r21, %r2048, 3;
	shl.b32 	%r304, %r2048, 4;
	and.b32  	%r305, %r304, 48;
	cvt.u64.u32 	%rd32, %r305;
	add.s64 	%rd11, %rd32, %rd10;
$L__BB0_9:
	shr.u32 	%r310, %r2048, 2;
	shl.b32 	%r311, %r310, 6;
	shr.u32 	%r312, %r2048, 3;
	and.b32  	%r313, %r312, 3;
	xor.b32  	%r314, %r313, %r21;
	shl.b32 	%r315, %r314, 4;
	add.s32 	%r316, %r310, %r1;
	cvt.u64.u32 	%rd37, %r316;
	mul.lo.s64 	%rd38, %rd37, %rd1;
	add.s64 	%rd39, %rd11, %rd38;
	add.s64 	%rd33, %rd20, %rd39;
	add.s32 	%r317, %r311, %r19;
	add.s32 	%r318, %r317, %r315;
	mov.u32 	%r319, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r306, %r319, %r318;
	// begin inline asm
	cp.async.cg.shared.global [%r306], [%rd33], 16;
	// end inline asm
	add.s32 	%r320, %r2048, 256;
	shr.u32 	%r321, %r320, 2;
	shl.b32 	%r322, %r321, 6;
	shr.u32 	%r323, %r320, 3;
	and.b32  	%r324, %r323, 3;
	xor.b32  	%r325, %r324, %r21;
	shl.b32 	%r326, %r325, 4;
	add.s32 	%r327, %r321, %r1;
	cvt.u64.u32 	%rd40, %r327;
	mul.lo.s64 	%rd41, %rd40, %rd1;
	add.s64 	%rd42, %rd11, %rd41;
	add.s64 	%rd34, %rd20, %rd42;
	add.s32 	%r328, %r322, %r19;
	add.s32 	%r329, %r328, %r326;
	add.s32 	%r307, %r319, %r329;
	// begin inline asm
	cp.async.cg.shared.global [%r307], [%rd34], 16;
	// end inline asm
	add.s32 	%r330, %r2048, 512;
	shr.u32 	%r331, %r330, 2;
	shl.b32 	%r332, %r331, 6;
	shr.u32 	%r333, %r330, 3;
	and.b32  	%r334, %r333, 3;
	xor.b32  	%r335, %r334, %r21;
	shl.b32 	%r336, %r335, 4;
	add.s32 	%r337, %r331, %r1;
	cvt.u64.u32 	%rd43, %r337;
	mul.lo.s64 	%rd44, %rd43, %rd1;
	add.s64 	%rd45, %rd11, %rd44;
	add.s64 	%rd35, %rd20, %rd45;
	add.s32 	%r338, %r332, %r19;
	add.s32 	%r339, %r338, %r336;
	add.s32 	%r308, %r319, %r339;
	// begin inline asm
	cp.async.cg.shared.global [%r308], [%rd35], 16;
	// end inline asm
	add.s32 	%r340, %r2048, 768;
	shr.u32 	%r341, %r340, 2;
	shl.b32 	%r342, %r341, 6;
	shr.u32 	%r343, %r340, 3;
	and.b32  	%r344, %r343, 3;
	xor.b32  	%r345, %r344, %r21;
	shl.b32 	%r346, %r345, 4;
	add.s32 	%r347, %r341, %r1;
	cvt.u64.u32 	%rd46, %r347;
	mul.lo.s64 	%rd47, %rd46, %rd1;
	add.s64 	%rd48, %rd11, %rd47;
	add.s64 	%rd36, %rd20, %rd48;
	add.s32 	%r348, %r342, %r19;
	add.s32 	%r349, %r348, %r346;
	add.s32 	%r309, %r319, %r349;
	// begin inline asm
	cp.async.cg.shared.global [%r309], [%rd36], 16;
	// end inline asm
	add.s32 	%r2048, %r2048, 1024;
	setp.lt.u32 	%p7, %r2048, 512;
	@%p7 bra 	$L__BB0_9;
$L__BB0_10:
	@%p2 bra 	$L__BB0_18;
	setp.eq.s32 	%p9, %r9, 0;
	cvt.u64.u32 	%rd12, %r18;
	cvt.u32.u64 	%r350, %rd9;
	add.s32 	%r24, %r350, 8192;
	mov.u32 	%r2050, %r3;
	@%p9 bra 	$L__BB0_15;
	setp.eq.s32 	%p10, %r9, 1;
	add.s64 	%rd50, %rd3, %rd12;
	add.s64 	%rd51, %rd50, %rd5;
	add.s64 	%rd49, %rd21, %rd51;
	add.s32 	%r352, %r13, %r24;
	mov.u32 	%r353, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r351, %r353, %r352;
	// begin inline asm
	cp.async.cg.shared.global [%r351], [%rd49], 16;
	// end inline asm
	mov.u32 	%r2050, %r11;
	@%p10 bra 	$L__BB0_15;
	setp.eq.s32 	%p11, %r9, 2;
	add.s64 	%rd54, %rd50, %rd7;
	add.s64 	%rd52, %rd21, %rd54;
	add.s32 	%r355, %r15, %r24;
	add.s32 	%r354, %r353, %r355;
	// begin inline asm
	cp.async.cg.shared.global [%r354], [%rd52], 16;
	// end inline asm
	mov.u32 	%r2050, %r12;
	@%p11 bra 	$L__BB0_15;
	add.s64 	%rd57, %rd50, %rd8;
	add.s64 	%rd55, %rd21, %rd57;
	add.s32 	%r358, %r16, %r24;
	add.s32 	%r357, %r353, %r358;
	// begin inline asm
	cp.async.cg.shared.global [%r357], [%rd55], 16;
	// end inline asm
	mov.u32 	%r2050, %r14;
$L__BB0_15:
	setp.lt.u32 	%p12, %r8, 768;
	@%p12 bra 	$L__BB0_18;
	and.b32  	%r26, %r2050, 3;
	shl.b32 	%r360, %r2050, 4;
	and.b32  	%r361, %r360, 48;
	cvt.u64.u32 	%rd58, %r361;
	add.s64 	%rd13, %rd58, %rd12;
$L__BB0_17:
	shr.u32 	%r366, %r2050, 2;
	shl.b32 	%r367, %r366, 6;
	shr.u32 	%r368, %r2050, 3;
	and.b32  	%r369, %r368, 3;
	xor.b32  	%r370, %r369, %r26;
	shl.b32 	%r371, %r370, 4;
	or.b32  	%r372, %r371, %r367;
	add.s32 	%r373, %r366, %r2;
	cvt.u64.u32 	%rd63, %r373;
	mul.lo.s64 	%rd64, %rd63, %rd1;
	add.s64 	%rd65, %rd13, %rd64;
	add.s64 	%rd59, %rd21, %rd65;
	add.s32 	%r374, %r372, %r24;
	mov.u32 	%r375, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r362, %r375, %r374;
	// begin inline asm
	cp.async.cg.shared.global [%r362], [%rd59], 16;
	// end inline asm
	add.s32 	%r376, %r2050, 256;
	shr.u32 	%r377, %r376, 2;
	shl.b32 	%r378, %r377, 6;
	shr.u32 	%r379, %r376, 3;
	and.b32  	%r380, %r379, 3;
	xor.b32  	%r381, %r380, %r26;
	shl.b32 	%r382, %r381, 4;
	or.b32  	%r383, %r382, %r378;
	add.s32 	%r384, %r377, %r2;
	cvt.u64.u32 	%rd66, %r384;
	mul.lo.s64 	%rd67, %rd66, %rd1;
	add.s64 	%rd68, %rd13, %rd67;
	add.s64 	%rd60, %rd21, %rd68;
	add.s32 	%r385, %r383, %r24;
	add.s32 	%r363, %r375, %r385;
	// begin inline asm
	cp.async.cg.shared.global [%r363], [%rd60], 16;
	// end inline asm
	add.s32 	%r386, %r2050, 512;
	shr.u32 	%r387, %r386, 2;
	shl.b32 	%r388, %r387, 6;
	shr.u32 	%r389, %r386, 3;
	and.b32  	%r390, %r389, 3;
	xor.b32  	%r391, %r390, %r26;
	shl.b32 	%r392, %r391, 4;
	or.b32  	%r393, %r392, %r388;
	add.s32 	%r394, %r387, %r2;
	cvt.u64.u32 	%rd69, %r394;
	mul.lo.s64 	%rd70, %rd69, %rd1;
	add.s64 	%rd71, %rd13, %rd70;
	add.s64 	%rd61, %rd21, %rd71;
	add.s32 	%r395, %r393, %r24;
	add.s32 	%r364, %r375, %r395;
	// begin inline asm
	cp.async.cg.shared.global [%r364], [%rd61], 16;
	// end inline asm
	add.s32 	%r396, %r2050, 768;
	shr.u32 	%r397, %r396, 2;
	shl.b32 	%r398, %r397, 6;
	shr.u32 	%r399, %r396, 3;
	and.b32  	%r400, %r399, 3;
	xor.b32  	%r401, %r400, %r26;
	shl.b32 	%r402, %r401, 4;
	or.b32  	%r403, %r402, %r398;
	add.s32 	%r404, %r397, %r2;
	cvt.u64.u32 	%rd72, %r404;
	mul.lo.s64 	%rd73, %rd72, %rd1;
	add.s64 	%rd74, %rd13, %rd73;
	add.s64 	%rd62, %rd21, %rd74;
	add.s32 	%r405, %r403, %r24;
	add.s32 	%r365, %r375, %r405;
	// begin inline asm
	cp.async.cg.shared.global [%r365], [%rd62], 16;
	// end inline asm
	add.s32 	%r2050, %r2050, 1024;
	setp.lt.u32 	%p13, %r2050, 512;
	@%p13 bra 	$L__BB0_17;
$L__BB0_18:
	// begin inline asm
	cp.async.commit_group;
	// end inline asm
	add.s32 	%r2047, %r2047, 1;
	setp.lt.u32 	%p14, %r2047, 2;
	@%p14 bra 	$L__BB0_1;
	setp.eq.s32 	%p15, %r7, 0;
	mov.u32 	%r2052, 0;
	mov.u32 	%r2053, %r2052;
	mov.u32 	%r2054, %r2052;
	mov.u32 	%r2055, %r2052;
	mov.u32 	%r2056, %r2052;
	mov.u32 	%r2057, %r2052;
	mov.u32 	%r2058, %r2052;
	mov.u32 	%r2059, %r2052;
	mov.u32 	%r2060, %r2052;
	mov.u32 	%r2061, %r2052;
	mov.u32 	%r2062, %r2052;
	mov.u32 	%r2063, %r2052;
	mov.u32 	%r2064, %r2052;
	mov.u32 	%r2065, %r2052;
	mov.u32 	%r2066, %r2052;
	mov.u32 	%r2067, %r2052;
	mov.u32 	%r2068, %r2052;
	mov.u32 	%r2069, %r2052;
	mov.u32 	%r2070, %r2052;
	mov.u32 	%r2071, %r2052;
	mov.u32 	%r2072, %r2052;
	mov.u32 	%r2073, %r2052;
	mov.u32 	%r2074, %r2052;
	mov.u32 	%r2075, %r2052;
	mov.u32 	%r2076, %r2052;
	mov.u32 	%r2077, %r2052;
	mov.u32 	%r2078, %r2052;
	mov.u32 	%r2079, %r2052;
	mov.u32 	%r2080, %r2052;
	mov.u32 	%r2081, %r2052;
	mov.u32 	%r2082, %r2052;
	mov.u32 	%r2083, %r2052;
	mov.u32 	%r2084, %r2052;
	mov.u32 	%r2085, %r2052;
	mov.u32 	%r2086, %r2052;
	mov.u32 	%r2087, %r2052;
	mov.u32 	%r2088, %r2052;
	mov.u32 	%r2089, %r2052;
	mov.u32 	%r2090, %r2052;
	mov.u32 	%r2091, %r2052;
	mov.u32 	%r2092, %r2052;
	mov.u32 	%r2093, %r2052;
	mov.u32 	%r2094, %r2052;
	mov.u32 	%r2095, %r2052;
	mov.u32 	%r2096, %r2052;
	mov.u32 	%r2097, %r2052;
	mov.u32 	%r2098, %r2052;
	mov.u32 	%r2099, %r2052;
	mov.u32 	%r2100, %r2052;
	mov.u32 	%r2101, %r2052;
	mov.u32 	%r2102, %r2052;
	mov.u32 	%r2103, %r2052;
	mov.u32 	%r2104, %r2052;
	mov.u32 	%r2105, %r2052;
	mov.u32 	%r2106, %r2052;
	mov.u32 	%r2107, %r2052;
	mov.u32 	%r2108, %r2052;
	mov.u32 	%r2109, %r2052;
	mov.u32 	%r2110, %r2052;
	mov.u32 	%r2111, %r2052;
	mov.u32 	%r2112, %r2052;
	mov.u32 	%r2113, %r2052;
	mov.u32 	%r2114, %r2052;
	mov.u32 	%r2115, %r2052;
	@%p15 bra 	$L__BB0_39;
	and.b32  	%r535, %r3, 7;
	and.b32  	%r536, %r10, 1;
	shl.b32 	%r537, %r10, 3;
	and.b32  	%r538, %r537, 8;
	add.s32 	%r539, %r5, %r535;
	add.s32 	%r540, %r539, %r538;
	shr.u32 	%r541, %r4, 1;
	and.b32  	%r542, %r541, 8;
	add.s32 	%r543, %r6, %r535;
	add.s32 	%r544, %r543, %r542;
	shl.b32 	%r30, %r540, 6;
	shr.u32 	%r545, %r544, 1;
	and.b32  	%r546, %r545, 3;
	xor.b32  	%r547, %r546, %r536;
	shl.b32 	%r31, %r547, 4;
	add.s32 	%r548, %r544, 16;
	shl.b32 	%r32, %r548, 6;
	shr.u32 	%r549, %r548, 1;
	and.b32  	%r550, %r549, 3;
	xor.b32  	%r551, %r550, %r536;
	shl.b32 	%r33, %r551, 4;
	or.b32  	%r552, %r536, 2;
	xor.b32  	%r553, %r546, %r552;
	shl.b32 	%r34, %r553, 4;
	xor.b32  	%r554, %r550, %r552;
	shl.b32 	%r35, %r554, 4;
	mov.u32 	%r2052, 0;
	mov.u32 	%r2116, %r2052;
$L__BB0_21:
	// begin inline asm
	cp.async.wait_group 1;
	// end inline asm
	bar.sync 	0;
	add.s32 	%r556, %r2116, 2;
	setp.le.u32 	%p16, %r7, %r556;
	@%p16 bra 	$L__BB0_38;
	mov.u32 	%r557, %tid.x;
	setp.gt.u32 	%p17, %r557, 511;
	mul.wide.u32 	%rd75, %r556, -1431655765;
	shr.u64 	%rd76, %rd75, 33;
	cvt.u32.u64 	%r559, %rd76;
	mul.lo.s32 	%r560, %r559, 3;
	sub.s32 	%r561, %r556, %r560;
	shl.b32 	%r101, %r561, 14;
	@%p17 bra 	$L__BB0_30;
	setp.eq.s32 	%p18, %r9, 0;
	shl.b32 	%r562, %r2116, 6;
	add.s32 	%r563, %r562, 128;
	cvt.u64.u32 	%rd14, %r563;
	mov.u32 	%r102, %tid.x;
	mov.u32 	%r2117, %r102;
	@%p18 bra 	$L__BB0_27;
	setp.eq.s32 	%p19, %r9, 1;
	mov.u32 	%r565, %tid.x;
	shr.u32 	%r566, %r565, 3;
	xor.b32  	%r567, %r566, %r565;
	shl.b32 	%r568, %r567, 4;
	and.b32  	%r569, %r568, 48;
	shr.u32 	%r570, %r565, 2;
	shl.b32 	%r571, %r570, 6;
	or.b32  	%r572, %r569, %r571;
	add.s32 	%r573, %r572, %r101;
	add.s32 	%r576, %r570, %r1;
	mul.wide.u32 	%rd78, %r576, %r257;
	add.s64 	%rd79, %rd3, %rd14;
	add.s64 	%rd80, %rd79, %rd78;
	add.s64 	%rd77, %rd20, %rd80;
	mov.u32 	%r577, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r564, %r577, %r573;
	// begin inline asm
	cp.async.cg.shared.global [%r564], [%rd77], 16;
	// end inline asm
	add.s32 	%r2117, %r565, 256;
	@%p19 bra 	$L__BB0_27;
	mov.u32 	%r2035, _ZZ7productPKhS0_PhjjE6shared;
	mov.u32 	%r2034, %tid.x;
	setp.eq.s32 	%p20, %r9, 2;
	add.s32 	%r580, %r2034, 256;
	shr.u32 	%r581, %r580, 2;
	add.s32 	%r584, %r581, %r1;
	mul.wide.u32 	%rd82, %r584, %r257;
	add.s64 	%rd84, %rd79, %rd82;
	add.s64 	%rd81, %rd20, %rd84;
	add.s32 	%r585, %r15, %r101;
	add.s32 	%r578, %r2035, %r585;
	// begin inline asm
	cp.async.cg.shared.global [%r578], [%rd81], 16;
	// end inline asm
	add.s32 	%r2117, %r2034, 512;
	@%p20 bra 	$L__BB0_27;
	mov.u32 	%r2037, _ZZ7productPKhS0_PhjjE6shared;
	mov.u32 	%r2036, %tid.x;
	add.s32 	%r588, %r16, %r101;
	add.s32 	%r590, %r2036, 512;
	shr.u32 	%r591, %r590, 2;
	add.s32 	%r594, %r591, %r1;
	mul.wide.u32 	%rd86, %r594, %r257;
	add.s64 	%rd88, %rd79, %rd86;
	add.s64 	%rd85, %rd20, %rd88;
	add.s32 	%r587, %r2037, %r588;
	// begin inline asm
	cp.async.cg.shared.global [%r587], [%rd85], 16;
	// end inline asm
	add.s32 	%r2117, %r2036, 768;
$L__BB0_27:
	mov.u32 	%r597, 511;
	sub.s32 	%r598, %r597, %r102;
	setp.lt.u32 	%p21, %r598, 768;
	@%p21 bra 	$L__BB0_30;
	shl.b32 	%r599, %r2117, 4;
	and.b32  	%r600, %r599, 48;
	cvt.u64.u32 	%rd89, %r600;
	add.s64 	%rd15, %rd89, %rd14;
	mov.u32 	%r2118, %r2117;
$L__BB0_29:
	and.b32  	%r2041, %r2117, 3;
	shr.u32 	%r605, %r2118, 2;
	shl.b32 	%r606, %r605, 6;
	shr.u32 	%r607, %r2118, 3;
	and.b32  	%r608, %r607, 3;
	xor.b32  	%r609, %r608, %r2041;
	shl.b32 	%r610, %r609, 4;
	add.s32 	%r611, %r606, %r101;
	add.s32 	%r612, %r611, %r610;
	add.s32 	%r613, %r605, %r1;
	cvt.u64.u32 	%rd94, %r613;
	mul.lo.s64 	%rd95, %rd94, %rd1;
	add.s64 	%rd96, %rd15, %rd95;
	add.s64 	%rd90, %rd20, %rd96;
	mov.u32 	%r614, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r601, %r614, %r612;
	// begin inline asm
	cp.async.cg.shared.global [%r601], [%rd90], 16;
	// end inline asm
	add.s32 	%r615, %r2118, 256;
	shr.u32 	%r616, %r615, 2;
	shl.b32 	%r617, %r616, 6;
	shr.u32 	%r618, %r615, 3;
	and.b32  	%r619, %r618, 3;
	xor.b32  	%r620, %r619, %r2041;
	shl.b32 	%r621, %r620, 4;
	add.s32 	%r622, %r617, %r101;
	add.s32 	%r623, %r622, %r621;
	add.s32 	%r624, %r616, %r1;
	cvt.u64.u32 	%rd97, %r624;
	mul.lo.s64 	%rd98, %rd97, %rd1;
	add.s64 	%rd99, %rd15, %rd98;
	add.s64 	%rd91, %rd20, %rd99;
	add.s32 	%r602, %r614, %r623;
	// begin inline asm
	cp.async.cg.shared.global [%r602], [%rd91], 16;
	// end inline asm
	add.s32 	%r625, %r2118, 512;
	shr.u32 	%r626, %r625, 2;
	shl.b32 	%r627, %r626, 6;
	shr.u32 	%r628, %r625, 3;
	and.b32  	%r629, %r628, 3;
	xor.b32  	%r630, %r629, %r2041;
	shl.b32 	%r631, %r630, 4;
	add.s32 	%r632, %r627, %r101;
	add.s32 	%r633, %r632, %r631;
	add.s32 	%r634, %r626, %r1;
	cvt.u64.u32 	%rd100, %r634;
	mul.lo.s64 	%rd101, %rd100, %rd1;
	add.s64 	%rd102, %rd15, %rd101;
	add.s64 	%rd92, %rd20, %rd102;
	add.s32 	%r603, %r614, %r633;
	// begin inline asm
	cp.async.cg.shared.global [%r603], [%rd92], 16;
	// end inline asm
	add.s32 	%r635, %r2118, 768;
	shr.u32 	%r636, %r635, 2;
	shl.b32 	%r637, %r636, 6;
	shr.u32 	%r638, %r635, 3;
	and.b32  	%r639, %r638, 3;
	xor.b32  	%r640, %r639, %r2041;
	shl.b32 	%r641, %r640, 4;
	add.s32 	%r642, %r637, %r101;
	add.s32 	%r643, %r642, %r641;
	add.s32 	%r644, %r636, %r1;
	cvt.u64.u32 	%rd103, %r644;
	mul.lo.s64 	%rd104, %rd103, %rd1;
	add.s64 	%rd105, %rd15, %rd104;
	add.s64 	%rd93, %rd20, %rd105;
	add.s32 	%r604, %r614, %r643;
	// begin inline asm
	cp.async.cg.shared.global [%r604], [%rd93], 16;
	// end inline asm
	add.s32 	%r2118, %r2118, 1024;
	setp.lt.u32 	%p22, %r2118, 512;
	@%p22 bra 	$L__BB0_29;
$L__BB0_30:
	@%p17 bra 	$L__BB0_38;
	mov.u32 	%r2119, %tid.x;
	setp.eq.s32 	%p24, %r9, 0;
	add.s32 	%r110, %r101, 8192;
	shl.b32 	%r646, %r2116, 6;
	add.s32 	%r647, %r646, 128;
	cvt.u64.u32 	%rd16, %r647;
	@%p24 bra 	$L__BB0_35;
	setp.eq.s32 	%p25, %r9, 1;
	mov.u32 	%r649, %tid.x;
	shr.u32 	%r650, %r649, 3;
	xor.b32  	%r651, %r650, %r649;
	shl.b32 	%r652, %r651, 4;
	and.b32  	%r653, %r652, 48;
	shr.u32 	%r654, %r649, 2;
	shl.b32 	%r655, %r654, 6;
	or.b32  	%r656, %r653, %r655;
	add.s32 	%r657, %r656, %r110;
	add.s32 	%r660, %r654, %r2;
	mul.wide.u32 	%rd107, %r660, %r257;
	add.s64 	%rd108, %rd3, %rd16;
	add.s64 	%rd109, %rd108, %rd107;
	add.s64 	%rd106, %rd21, %rd109;
	mov.u32 	%r661, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r648, %r661, %r657;
	// begin inline asm
	cp.async.cg.shared.global [%r648], [%rd106], 16;
	// end inline asm
	add.s32 	%r2119, %r649, 256;
	@%p25 bra 	$L__BB0_35;
	mov.u32 	%r2043, _ZZ7productPKhS0_PhjjE6shared;
	mov.u32 	%r2042, %tid.x;
	setp.eq.s32 	%p26, %r9, 2;
	add.s32 	%r664, %r2042, 256;
	shr.u32 	%r665, %r664, 2;
	add.s32 	%r668, %r665, %r2;
	mul.wide.u32 	%rd111, %r668, %r257;
	add.s64 	%rd113, %rd108, %rd111;
	add.s64 	%rd110, %rd21, %rd113;
	add.s32 	%r669, %r15, %r110;
	add.s32 	%r662, %r2043, %r669;
	// begin inline asm
	cp.async.cg.shared.global [%r662], [%rd110], 16;
	// end inline asm
	add.s32 	%r2119, %r2042, 512;
	@%p26 bra 	$L__BB0_35;
	mov.u32 	%r2045, _ZZ7productPKhS0_PhjjE6shared;
	mov.u32 	%r2044, %tid.x;
	add.s32 	%r672, %r16, %r110;
	add.s32 	%r674, %r2044, 512;
	shr.u32 	%r675, %r674, 2;
	add.s32 	%r678, %r675, %r2;
	mul.wide.u32 	%rd115, %r678, %r257;
	add.s64 	%rd117, %rd108, %rd115;
	add.s64 	%rd114, %rd21, %rd117;
	add.s32 	%r671, %r2045, %r672;
	// begin inline asm
	cp.async.cg.shared.global [%r671], [%rd114], 16;
	// end inline asm
	add.s32 	%r2119, %r2044, 768;
$L__BB0_35:
	mov.u32 	%r2040, %tid.x;
	mov.u32 	%r681, 511;
	sub.s32 	%r682, %r681, %r2040;
	setp.lt.u32 	%p27, %r682, 768;
	@%p27 bra 	$L__BB0_38;
	shl.b32 	%r683, %r2119, 4;
	and.b32  	%r684, %r683, 48;
	cvt.u64.u32 	%rd118, %r684;
	add.s64 	%rd17, %rd118, %rd16;
	mov.u32 	%r2120, %r2119;
$L__BB0_37:
	and.b32  	%r2046, %r2119, 3;
	shr.u32 	%r689, %r2120, 2;
	shl.b32 	%r690, %r689, 6;
	shr.u32 	%r691, %r2120, 3;
	and.b32  	%r692, %r691, 3;
	xor.b32  	%r693, %r692, %r2046;
	shl.b32 	%r694, %r693, 4;
	add.s32 	%r695, %r110, %r690;
	add.s32 	%r696, %r695, %r694;
	add.s32 	%r697, %r689, %r2;
	cvt.u64.u32 	%rd123, %r697;
	mul.lo.s64 	%rd124, %rd123, %rd1;
	add.s64 	%rd125, %rd17, %rd124;
	add.s64 	%rd119, %rd21, %rd125;
	mov.u32 	%r698, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r685, %r698, %r696;
	// begin inline asm
	cp.async.cg.shared.global [%r685], [%rd119], 16;
	// end inline asm
	add.s32 	%r699, %r2120, 256;
	shr.u32 	%r700, %r699, 2;
	shl.b32 	%r701, %r700, 6;
	shr.u32 	%r702, %r699, 3;
	and.b32  	%r703, %r702, 3;
	xor.b32  	%r704, %r703, %r2046;
	shl.b32 	%r705, %r704, 4;
	add.s32 	%r706, %r110, %r701;
	add.s32 	%r707, %r706, %r705;
	add.s32 	%r708, %r700, %r2;
	cvt.u64.u32 	%rd126, %r708;
	mul.lo.s64 	%rd127, %rd126, %rd1;
	add.s64 	%rd128, %rd17, %rd127;
	add.s64 	%rd120, %rd21, %rd128;
	add.s32 	%r686, %r698, %r707;
	// begin inline asm
	cp.async.cg.shared.global [%r686], [%rd120], 16;
	// end inline asm
	add.s32 	%r709, %r2120, 512;
	shr.u32 	%r710, %r709, 2;
	shl.b32 	%r711, %r710, 6;
	shr.u32 	%r712, %r709, 3;
	and.b32  	%r713, %r712, 3;
	xor.b32  	%r714, %r713, %r2046;
	shl.b32 	%r715, %r714, 4;
	add.s32 	%r716, %r110, %r711;
	add.s32 	%r717, %r716, %r715;
	add.s32 	%r718, %r710, %r2;
	cvt.u64.u32 	%rd129, %r718;
	mul.lo.s64 	%rd130, %rd129, %rd1;
	add.s64 	%rd131, %rd17, %rd130;
	add.s64 	%rd121, %rd21, %rd131;
	add.s32 	%r687, %r698, %r717;
	// begin inline asm
	cp.async.cg.shared.global [%r687], [%rd121], 16;
	// end inline asm
	add.s32 	%r719, %r2120, 768;
	shr.u32 	%r720, %r719, 2;
	shl.b32 	%r721, %r720, 6;
	shr.u32 	%r722, %r719, 3;
	and.b32  	%r723, %r722, 3;
	xor.b32  	%r724, %r723, %r2046;
	shl.b32 	%r725, %r724, 4;
	add.s32 	%r726, %r110, %r721;
	add.s32 	%r727, %r726, %r725;
	add.s32 	%r728, %r720, %r2;
	cvt.u64.u32 	%rd132, %r728;
	mul.lo.s64 	%rd133, %rd132, %rd1;
	add.s64 	%rd134, %rd17, %rd133;
	add.s64 	%rd122, %rd21, %rd134;
	add.s32 	%r688, %r698, %r727;
	// begin inline asm
	cp.async.cg.shared.global [%r688], [%rd122], 16;
	// end inline asm
	add.s32 	%r2120, %r2120, 1024;
	setp.lt.u32 	%p28, %r2120, 512;
	@%p28 bra 	$L__BB0_37;
$L__BB0_38:
	// begin inline asm
	cp.async.commit_group;
	// end inline asm
	mul.wide.u32 	%rd135, %r2116, -1431655765;
	shr.u64 	%rd136, %rd135, 33;
	cvt.u32.u64 	%r1237, %rd136;
	mul.lo.s32 	%r1238, %r1237, 3;
	sub.s32 	%r1239, %r2116, %r1238;
	shl.b32 	%r1240, %r1239, 14;
	or.b32  	%r1241, %r1240, 8192;
	add.s32 	%r1242, %r30, %r1240;
	mov.u32 	%r1243, %tid.x;
	shr.u32 	%r1244, %r1243, 1;
	and.b32  	%r1245, %r1244, 3;
	and.b32  	%r1246, %r1243, 31;
	shr.u32 	%r1247, %r1246, 4;
	xor.b32  	%r1248, %r1245, %r1247;
	shl.b32 	%r1249, %r1248, 4;
	add.s32 	%r1250, %r1242, %r1249;
	mov.u32 	%r1251, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r733, %r1251, %r1250;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r729, %r730, %r731, %r732}, [%r733];
	// end inline asm
	add.s32 	%r1252, %r1242, 1024;
	add.s32 	%r1253, %r1252, %r1249;
	add.s32 	%r738, %r1251, %r1253;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r734, %r735, %r736, %r737}, [%r738];
	// end inline asm
	add.s32 	%r1254, %r1242, 2048;
	add.s32 	%r1255, %r1254, %r1249;
	add.s32 	%r743, %r1251, %r1255;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r739, %r740, %r741, %r742}, [%r743];
	// end inline asm
	add.s32 	%r1256, %r1242, 3072;
	add.s32 	%r1257, %r1256, %r1249;
	add.s32 	%r748, %r1251, %r1257;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r744, %r745, %r746, %r747}, [%r748];
	// end inline asm
	shr.u32 	%r1258, %r1243, 6;
	and.b32  	%r1259, %r1243, 7;
	bfi.b32 	%r1260, %r1258, %r1259, 5, 27;
	shl.b32 	%r1261, %r1247, 3;
	or.b32  	%r1262, %r1260, %r1261;
	shl.b32 	%r1263, %r1262, 6;
	add.s32 	%r1264, %r1241, %r1263;
	or.b32  	%r1265, %r1264, %r31;
	add.s32 	%r753, %r1251, %r1265;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r749, %r750, %r751, %r752}, [%r753];
	// end inline asm
	add.s32 	%r1266, %r1241, %r32;
	add.s32 	%r1267, %r1266, %r33;
	add.s32 	%r758, %r1251, %r1267;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r754, %r755, %r756, %r757}, [%r758];
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2115, %r2114, %r2113, %r2112}, {%r729, %r730, %r731, %r732}, {%r749, %r750}, {%r2115, %r2114, %r2113, %r2112};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2111, %r2110, %r2109, %r2108}, {%r729, %r730, %r731, %r732}, {%r751, %r752}, {%r2111, %r2110, %r2109, %r2108};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2107, %r2106, %r2105, %r2104}, {%r729, %r730, %r731, %r732}, {%r754, %r755}, {%r2107, %r2106, %r2105, %r2104};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2103, %r2102, %r2101, %r2100}, {%r729, %r730, %r731, %r732}, {%r756, %r757}, {%r2103, %r2102, %r2101, %r2100};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2099, %r2098, %r2097, %r2096}, {%r734, %r735, %r736, %r737}, {%r749, %r750}, {%r2099, %r2098, %r2097, %r2096};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2095, %r2094, %r2093, %r2092}, {%r734, %r735, %r736, %r737}, {%r751, %r752}, {%r2095, %r2094, %r2093, %r2092};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2091, %r2090, %r2089, %r2088}, {%r734, %r735, %r736, %r737}, {%r754, %r755}, {%r2091, %r2090, %r2089, %r2088};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2087, %r2086, %r2085, %r2084}, {%r734, %r735, %r736, %r737}, {%r756, %r757}, {%r2087, %r2086, %r2085, %r2084};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2083, %r2082, %r2081, %r2080}, {%r739, %r740, %r741, %r742}, {%r749, %r750}, {%r2083, %r2082, %r2081, %r2080};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2079, %r2078, %r2077, %r2076}, {%r739, %r740, %r741, %r742}, {%r751, %r752}, {%r2079, %r2078, %r2077, %r2076};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2075, %r2074, %r2073, %r2072}, {%r739, %r740, %r741, %r742}, {%r754, %r755}, {%r2075, %r2074, %r2073, %r2072};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2071, %r2070, %r2069, %r2068}, {%r739, %r740, %r741, %r742}, {%r756, %r757}, {%r2071, %r2070, %r2069, %r2068};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2067, %r2066, %r2065, %r2064}, {%r744, %r745, %r746, %r747}, {%r749, %r750}, {%r2067, %r2066, %r2065, %r2064};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2063, %r2062, %r2061, %r2060}, {%r744, %r745, %r746, %r747}, {%r751, %r752}, {%r2063, %r2062, %r2061, %r2060};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2059, %r2058, %r2057, %r2056}, {%r744, %r745, %r746, %r747}, {%r754, %r755}, {%r2059, %r2058, %r2057, %r2056};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2055, %r2054, %r2053, %r2052}, {%r744, %r745, %r746, %r747}, {%r756, %r757}, {%r2055, %r2054, %r2053, %r2052};
	// end inline asm
	or.b32  	%r1268, %r1247, 2;
	xor.b32  	%r1269, %r1245, %r1268;
	shl.b32 	%r1270, %r1269, 4;
	add.s32 	%r1271, %r1242, %r1270;
	add.s32 	%r987, %r1251, %r1271;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r983, %r984, %r985, %r986}, [%r987];
	// end inline asm
	add.s32 	%r1272, %r1252, %r1270;
	add.s32 	%r992, %r1251, %r1272;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r988, %r989, %r990, %r991}, [%r992];
	// end inline asm
	add.s32 	%r1273, %r1254, %r1270;
	add.s32 	%r997, %r1251, %r1273;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r993, %r994, %r995, %r996}, [%r997];
	// end inline asm
	add.s32 	%r1274, %r1256, %r1270;
	add.s32 	%r1002, %r1251, %r1274;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r998, %r999, %r1000, %r1001}, [%r1002];
	// end inline asm
	or.b32  	%r1275, %r1264, %r34;
	add.s32 	%r1007, %r1251, %r1275;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1003, %r1004, %r1005, %r1006}, [%r1007];
	// end inline asm
	add.s32 	%r1276, %r1266, %r35;
	add.s32 	%r1012, %r1251, %r1276;
	// begin inline asm
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1008, %r1009, %r1010, %r1011}, [%r1012];
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2115, %r2114, %r2113, %r2112}, {%r983, %r984, %r985, %r986}, {%r1003, %r1004}, {%r2115, %r2114, %r2113, %r2112};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2111, %r2110, %r2109, %r2108}, {%r983, %r984, %r985, %r986}, {%r1005, %r1006}, {%r2111, %r2110, %r2109, %r2108};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2107, %r2106, %r2105, %r2104}, {%r983, %r984, %r985, %r986}, {%r1008, %r1009}, {%r2107, %r2106, %r2105, %r2104};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2103, %r2102, %r2101, %r2100}, {%r983, %r984, %r985, %r986}, {%r1010, %r1011}, {%r2103, %r2102, %r2101, %r2100};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2099, %r2098, %r2097, %r2096}, {%r988, %r989, %r990, %r991}, {%r1003, %r1004}, {%r2099, %r2098, %r2097, %r2096};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2095, %r2094, %r2093, %r2092}, {%r988, %r989, %r990, %r991}, {%r1005, %r1006}, {%r2095, %r2094, %r2093, %r2092};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2091, %r2090, %r2089, %r2088}, {%r988, %r989, %r990, %r991}, {%r1008, %r1009}, {%r2091, %r2090, %r2089, %r2088};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2087, %r2086, %r2085, %r2084}, {%r988, %r989, %r990, %r991}, {%r1010, %r1011}, {%r2087, %r2086, %r2085, %r2084};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2083, %r2082, %r2081, %r2080}, {%r993, %r994, %r995, %r996}, {%r1003, %r1004}, {%r2083, %r2082, %r2081, %r2080};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2079, %r2078, %r2077, %r2076}, {%r993, %r994, %r995, %r996}, {%r1005, %r1006}, {%r2079, %r2078, %r2077, %r2076};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2075, %r2074, %r2073, %r2072}, {%r993, %r994, %r995, %r996}, {%r1008, %r1009}, {%r2075, %r2074, %r2073, %r2072};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2071, %r2070, %r2069, %r2068}, {%r993, %r994, %r995, %r996}, {%r1010, %r1011}, {%r2071, %r2070, %r2069, %r2068};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2067, %r2066, %r2065, %r2064}, {%r998, %r999, %r1000, %r1001}, {%r1003, %r1004}, {%r2067, %r2066, %r2065, %r2064};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2063, %r2062, %r2061, %r2060}, {%r998, %r999, %r1000, %r1001}, {%r1005, %r1006}, {%r2063, %r2062, %r2061, %r2060};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2059, %r2058, %r2057, %r2056}, {%r998, %r999, %r1000, %r1001}, {%r1008, %r1009}, {%r2059, %r2058, %r2057, %r2056};
	// end inline asm
	// begin inline asm
	mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r2055, %r2054, %r2053, %r2052}, {%r998, %r999, %r1000, %r1001}, {%r1010, %r1011}, {%r2055, %r2054, %r2053, %r2052};
	// end inline asm
	add.s32 	%r2116, %r2116, 1;
	setp.lt.u32 	%p29, %r2116, %r7;
	@%p29 bra 	$L__BB0_21;
$L__BB0_39:
	ld.param.u32 	%r2038, [product_param_4];
	bar.sync 	0;
	mov.u32 	%r2187, %tid.x;
	and.b32  	%r1279, %r2187, 31;
	shr.u32 	%r1280, %r1279, 2;
	shl.b32 	%r1281, %r2187, 1;
	and.b32  	%r1282, %r1281, 64;
	or.b32  	%r1283, %r1282, %r1280;
	and.b32  	%r1284, %r1281, 6;
	shr.u32 	%r1285, %r2187, 1;
	and.b32  	%r1286, %r1285, 2147483616;
	or.b32  	%r1287, %r1284, %r1286;
	add.s32 	%r1288, %r1283, %r1;
	mul.lo.s32 	%r1289, %r1288, %r257;
	add.s32 	%r1290, %r1287, %r2;
	add.s32 	%r1291, %r1290, %r1289;
	mul.lo.s32 	%r1292, %r2038, -2048144777;
	mad.lo.s32 	%r1293, %r1291, -1640531535, %r1292;
	add.s32 	%r1294, %r1293, %r2115;
	shr.u32 	%r1295, %r1294, 16;
	xor.b32  	%r1296, %r1295, %r1294;
	mul.lo.s32 	%r1297, %r1296, -2048144789;
	shr.u32 	%r1298, %r1297, 13;
	xor.b32  	%r1299, %r1298, %r1297;
	mul.lo.s32 	%r1300, %r1299, -1028477387;
	shr.u32 	%r1301, %r1300, 16;
	xor.b32  	%r1302, %r1301, %r1300;
	mad.lo.s32 	%r1303, %r1287, 144, %r1283;
	mov.u32 	%r1304, _ZZ7productPKhS0_PhjjE6shared;
	add.s32 	%r1305, %r1304, %r1303;
	st.shared.u8 	[%r1305], %r1302;
	add.s32 	%r1306, %r1290, 1;
	add.s32 	%r1307, %r1306, %r1289;
	mad.lo.s32 	%r1308, %r1307, -1640531535, %r1292;
	add.s32 	%r1309, %r1308, %r2114;
	shr.u32 	%r1310, %r1309, 16;
	xor.b32  	%r1311, %r1310, %r1309;
	mul.lo.s32 	%r1312, %r1311, -2048144789;
	shr.u32 	%r1313, %r1312, 13;
	xor.b32  	%r1314, %r1313, %r1312;
	mul.lo.s32 	%r1315, %r1314, -1028477387;
	shr.u32 	%r1316, %r1315, 16;
	xor.b32  	%r1317, %r1316, %r1315;
	st.shared.u8 	[%r1305+144], %r1317;
	add.s32 	%r1318, %r1288, 8;
	mul.lo.s32 	%r1319, %r1318, %r257;
	add.s32 	%r1320, %r1290, %r1319;
	mad.lo.s32 	%r1321, %r1320, -1640531535, %r1292;
	add.s32 	%r1322, %r1321, %r2113;
	shr.u32 	%r1323, %r1322, 16;
	xor.b32  	%r1324, %r1323, %r1322;
	mul.lo.s32 	%r1325, %r1324, -2048144789;
	shr.u32 	%r1326, %r1325, 13;
	xor.b32  	%r1327, %r1326, %r1325;
	mul.lo.s32 	%r1328, %r1327, -1028477387;
	shr.u32 	%r1329, %r1328, 16;
	xor.b32  	%r1330, %r1329, %r1328;
	st.shared.u8 	[%r1305+8], %r1330;
	add.s32 	%r1331, %r1306, %r1319;
	mad.lo.s32 	%r1332, %r1331, -1640531535, %r1292;
	add.s32 	%r1333, %r1332, %r2112;
	shr.u32 	%r1334, %r1333, 16;
	xor.b32  	%r1335, %r1334, %r1333;
	mul.lo.s32 	%r1336, %r1335, -2048144789;
	shr.u32 	%r1337, %r1336, 13;
	xor.b32  	%r1338, %r1337, %r1336;
	mul.lo.s32 	%r1339, %r1338, -1028477387;
	shr.u32 	%r1340, %r1339, 16;
	xor.b32  	%r1341, %r1340, %r1339;
	st.shared.u8 	[%r1305+152], %r1341;
	add.s32 	%r1342, %r1290, 8;
	add.s32 	%r1343, %r1342, %r1289;
	mad.lo.s32 	%r1344, %r1343, -1640531535, %r1292;
	add.s32 	%r1345, %r1344, %r2111;
	shr.u32 	%r1346, %r1345, 16;
	xor.b32  	%r1347, %r1346, %r1345;
	mul.lo.s32 	%r1348, %r1347, -2048144789;
	shr.u32 	%r1349, %r1348, 13;
	xor.b32  	%r1350, %r1349, %r1348;
	mul.lo.s32 	%r1351, %r1350, -1028477387;
	shr.u32 	%r1352, %r1351, 16;
	xor.b32  	%r1353, %r1352, %r1351;
	st.shared.u8 	[%r1305+1152], %r1353;
	add.s32 	%r1354, %r1290, 9;
	add.s32 	%r1355, %r1354, %r1289;
	mad.lo.s32 	%r1356, %r1355, -1640531535, %r1292;
	add.s32 	%r1357, %r1356, %r2110;
	shr.u32 	%r1358, %r1357, 16;
	xor.b32  	%r1359, %r1358, %r1357;
	mul.lo.s32 	%r1360, %r1359, -2048144789;
	shr.u32 	%r1361, %r1360, 13;
	xor.b32  	%r1362, %r1361, %r1360;
	mul.lo.s32 	%r1363, %r1362, -1028477387;
	shr.u32 	%r1364, %r1363, 16;
	xor.b32  	%r1365, %r1364, %r1363;
	st.shared.u8 	[%r1305+1296], %r1365;
	add.s32 	%r1366, %r1342, %r1319;
	mad.lo.s32 	%r1367, %r1366, -1640531535, %r1292;
	add.s32 	%r1368, %r1367, %r2109;
	shr.u32 	%r1369, %r1368, 16;
	xor.b32  	%r1370, %r1369, %r1368;
	mul.lo.s32 	%r1371, %r1370, -2048144789;
	shr.u32 	%r1372, %r1371, 13;
	xor.b32  	%r1373, %r1372, %r1371;
	mul.lo.s32 	%r1374, %r1373, -1028477387;
	shr.u32 	%r1375, %r1374, 16;
	xor.b32  	%r1376, %r1375, %r1374;
	st.shared.u8 	[%r1305+1160], %r1376;
	add.s32 	%r1377, %r1354, %r1319;
	mad.lo.s32 	%r1378, %r1377, -1640531535, %r1292;
	add.s32 	%r1379, %r1378, %r2108;
	shr.u32 	%r1380, %r1379, 16;
	xor.b32  	%r1381, %r1380, %r1379;
	mul.lo.s32 	%r1382, %r1381, -2048144789;
	shr.u32 	%r1383, %r1382, 13;
	xor.b32  	%r1384, %r1383, %r1382;
	mul.lo.s32 	%r1385, %r1384, -1028477387;
	shr.u32 	%r1386, %r1385, 16;
	xor.b32  	%r1387, %r1386, %r1385;
	st.shared.u8 	[%r1305+1304], %r1387;
	add.s32 	%r1388, %r1290, 16;
	add.s32 	%r1389, %r1388, %r1289;
	mad.lo.s32 	%r1390, %r1389, -1640531535, %r1292;
	add.s32 	%r1391, %r1390, %r2107;
	shr.u32 	%r1392, %r1391, 16;
	xor.b32  	%r1393, %r1392, %r1391;
	mul.lo.s32 	%r1394, %r1393, -2048144789;
	shr.u32 	%r1395, %r1394, 13;
	xor.b32  	%r1396, %r1395, %r1394;
	mul.lo.s32 	%r1397, %r1396, -1028477387;
	shr.u32 	%r1398, %r1397, 16;
	xor.b32  	%r1399, %r1398, %r1397;
	st.shared.u8 	[%r1305+2304], %r1399;
	add.s32 	%r1400, %r1290, 17;
	add.s32 	%r1401, %r1400, %r1289;
	mad.lo.s32 	%r1402, %r1401, -1640531535, %r1292;
	add.s32 	%r1403, %r1402, %r2106;
	shr.u32 	%r1404, %r1403, 16;
	xor.b32  	%r1405, %r1404, %r1403;
	mul.lo.s32 	%r1406, %r1405, -2048144789;
	shr.u32 	%r1407, %r1406, 13;
	xor.b32  	%r1408, %r1407, %r1406;
	mul.lo.s32 	%r1409, %r1408, -1028477387;
	shr.u32 	%r1410, %r1409, 16;
	xor.b32  	%r1411, %r1410, %r1409;
	st.shared.u8 	[%r1305+2448], %r1411;
	add.s32 	%r1412, %r1388, %r1319;
	mad.lo.s32 	%r1413, %r1412, -1640531535, %r1292;
	add.s32 	%r1414, %r1413, %r2105;
	shr.u32 	%r1415, %r1414, 16;
	xor.b32  	%r1416, %r1415, %r1414;
	mul.lo.s32 	%r1417, %r1416, -2048144789;
	shr.u32 	%r1418, %r1417, 13;
	xor.b32  	%r1419, %r1418, %r1417;
	mul.lo.s32 	%r1420, %r1419, -1028477387;
	shr.u32 	%r1421, %r1420, 16;
	xor.b32  	%r1422, %r1421, %r1420;
	st.shared.u8 	[%r1305+2312], %r1422;
	add.s32 	%r1423, %r1400, %r1319;
	mad.lo.s32 	%r1424, %r1423, -1640531535, %r1292;
	add.s32 	%r1425, %r1424, %r2104;
	shr.u32 	%r1426, %r1425, 16;
	xor.b32  	%r1427, %r1426, %r1425;
	mul.lo.s32 	%r1428, %r1427, -2048144789;
	shr.u32 	%r1429, %r1428, 13;
	xor.b32  	%r1430, %r1429, %r1428;
	mul.lo.s32 	%r1431, %r1430, -1028477387;
	shr.u32 	%r1432, %r1431, 16;
	xor.b32  	%r1433, %r1432, %r1431;
	st.shared.u8 	[%r1305+2456], %r1433;
	add.s32 	%r1434, %r1290, 24;
	add.s32 	%r1435, %r1434, %r1289;
	mad.lo.s32 	%r1436, %r1435, -1640531535, %r1292;
	add.s32 	%r1437, %r1436, %r2103;
	shr.u32 	%r1438, %r1437, 16;
	xor.b32  	%r1439, %r1438, %r1437;
	mul.lo.s32 	%r1440, %r1439, -2048144789;
	shr.u32 	%r1441, %r1440, 13;
	xor.b32  	%r1442, %r1441, %r1440;
	mul.lo.s32 	%r1443, %r1442, -1028477387;
	shr.u32 	%r1444, %r1443, 16;
	xor.b32  	%r1445, %r1444, %r1443;
	st.shared.u8 	[%r1305+3456], %r1445;
	add.s32 	%r1446, %r1290, 25;
	add.s32 	%r1447, %r1446, %r1289;
	mad.lo.s32 	%r1448, %r1447, -1640531535, %r1292;
	add.s32 	%r1449, %r1448, %r2102;
	shr.u32 	%r1450, %r1449, 16;
	xor.b32  	%r1451, %r1450, %r1449;
	mul.lo.s32 	%r1452, %r1451, -2048144789;
	shr.u32 	%r1453, %r1452, 13;
	xor.b32  	%r1454, %r1453, %r1452;
	mul.lo.s32 	%r1455, %r1454, -1028477387;
	shr.u32 	%r1456, %r1455, 16;
	xor.b32  	%r1457, %r1456, %r1455;
	st.shared.u8 	[%r1305+3600], %r1457;
	add.s32 	%r1458, %r1434, %r1319;
	mad.lo.s32 	%r1459, %r1458, -1640531535, %r1292;
	add.s32 	%r1460, %r1459, %r2101;
	shr.u32 	%r1461, %r1460, 16;
	xor.b32  	%r1462, %r1461, %r1460;
	mul.lo.s32 	%r1463, %r1462, -2048144789;
	shr.u32 	%r1464, %r1463, 13;
	xor.b32  	%r1465, %r1464, %r1463;
	mul.lo.s32 	%r1466, %r1465, -1028477387;
	shr.u32 	%r1467, %r1466, 16;
	xor.b32  	%r1468, %r1467, %r1466;
	st.shared.u8 	[%r1305+3464], %r1468;
	add.s32 	%r1469, %r1446, %r1319;
	mad.lo.s32 	%r1470, %r1469, -1640531535, %r1292;
	add.s32 	%r1471, %r1470, %r2100;
	shr.u32 	%r1472, %r1471, 16;
	xor.b32  	%r1473, %r1472, %r1471;
	mul.lo.s32 	%r1474, %r1473, -2048144789;
	shr.u32 	%r1475, %r1474, 13;
	xor.b32  	%r1476, %r1475, %r1474;
	mul.lo.s32 	%r1477, %r1476, -1028477387;
	shr.u32 	%r1478, %r1477, 16;
	xor.b32  	%r1479, %r1478, %r1477;
	st.shared.u8 	[%r1305+3608], %r1479;
	add.s32 	%r1480, %r1288, 16;
	mul.lo.s32 	%r1481, %r1480, %r257;
	add.s32 	%r1482, %r1290, %r1481;
	mad.lo.s32 	%r1483, %r1482, -1640531535, %r1292;
	add.s32 	%r1484, %r1483, %r2099;
	shr.u32 	%r1485, %r1484, 16;
	xor.b32  	%r1486, %r1485, %r1484;
	mul.lo.s32 	%r1487, %r1486, -2048144789;
	shr.u32 	%r1488, %r1487, 13;
	xor.b32  	%r1489, %r1488, %r1487;
	mul.lo.s32 	%r1490, %r1489, -1028477387;
	shr.u32 	%r1491, %r1490, 16;
	xor.b32  	%r1492, %r1491, %r1490;
	st.shared.u8 	[%r1305+16], %r1492;
	add.s32 	%r1493, %r1306, %r1481;
	mad.lo.s32 	%r1494, %r1493, -1640531535, %r1292;
	add.s32 	%r1495, %r1494, %r2098;
	shr.u32 	%r1496, %r1495, 16;
	xor.b32  	%r1497, %r1496, %r1495;
	mul.lo.s32 	%r1498, %r1497, -2048144789;
	shr.u32 	%r1499, %r1498, 13;
	xor.b32  	%r1500, %r1499, %r1498;
	mul.lo.s32 	%r1501, %r1500, -1028477387;
	shr.u32 	%r1502, %r1501, 16;
	xor.b32  	%r1503, %r1502, %r1501;
	st.shared.u8 	[%r1305+160], %r1503;
	add.s32 	%r1504, %r1288, 24;
	mul.lo.s32 	%r1505, %r1504, %r257;
	add.s32 	%r1506, %r1290, %r1505;
	mad.lo.s32 	%r1507, %r1506, -1640531535, %r1292;
	add.s32 	%r1508, %r1507, %r2097;
	shr.u32 	%r1509, %r1508, 16;
	xor.b32  	%r1510, %r1509, %r1508;
	mul.lo.s32 	%r1511, %r1510, -2048144789;
	shr.u32 	%r1512, %r1511, 13;
	xor.b32  	%r1513, %r1512, %r1511;
	mul.lo.s32 	%r1514, %r1513, -1028477387;
	shr.u32 	%r1515, %r1514, 16;
	xor.b32  	%r1516, %r1515, %r1514;
	st.shared.u8 	[%r1305+24], %r1516;
	add.s32 	%r1517, %r1306, %r1505;
	mad.lo.s32 	%r1518, %r1517, -1640531535, %r1292;
	add.s32 	%r1519, %r1518, %r2096;
	shr.u32 	%r1520, %r1519, 16;
	xor.b32  	%r1521, %r1520, %r1519;
	mul.lo.s32 	%r1522, %r1521, -2048144789;
	shr.u32 	%r1523, %r1522, 13;
	xor.b32  	%r1524, %r1523, %r1522;
	mul.lo.s32 	%r1525, %r1524, -1028477387;
	shr.u32 	%r1526, %r1525, 16;
	xor.b32  	%r1527, %r1526, %r1525;
	st.shared.u8 	[%r1305+168], %r1527;
	add.s32 	%r1528, %r1342, %r1481;
	mad.lo.s32 	%r1529, %r1528, -1640531535, %r1292;
	add.s32 	%r1530, %r1529, %r2095;
	shr.u32 	%r1531, %r1530, 16;
	xor.b32  	%r1532, %r1531, %r1530;
	mul.lo.s32 	%r1533, %r1532, -2048144789;
	shr.u32 	%r1534, %r1533, 13;
	xor.b32  	%r1535, %r1534, %r1533;
	mul.lo.s32 	%r1536, %r1535, -1028477387;
	shr.u32 	%r1537, %r1536, 16;
	xor.b32  	%r1538, %r1537, %r1536;
	st.shared.u8 	[%r1305+1168], %r1538;
	add.s32 	%r1539, %r1354, %r1481;
	mad.lo.s32 	%r1540, %r1539, -1640531535, %r1292;
	add.s32 	%r1541, %r1540, %r2094;
	shr.u32 	%r1542, %r1541, 16;
	xor.b32  	%r1543, %r1542, %r1541;
	mul.lo.s32 	%r1544, %r1543, -2048144789;
	shr.u32 	%r1545, %r1544, 13;
	xor.b32  	%r1546, %r1545, %r1544;
	mul.lo.s32 	%r1547, %r1546, -1028477387;
	shr.u32 	%r1548, %r1547, 16;
	xor.b32  	%r1549, %r1548, %r1547;
	st.shared.u8 	[%r1305+1312], %r1549;
	add.s32 	%r1550, %r1342, %r1505;
	mad.lo.s32 	%r1551, %r1550, -1640531535, %r1292;
	add.s32 	%r1552, %r1551, %r2093;
	shr.u32 	%r1553, %r1552, 16;
	xor.b32  	%r1554, %r1553, %r1552;
	mul.lo.s32 	%r1555, %r1554, -2048144789;
	shr.u32 	%r1556, %r1555, 13;
	xor.b32  	%r1557, %r1556, %r1555;
	mul.lo.s32 	%r1558, %r1557, -1028477387;
	shr.u32 	%r1559, %r1558, 16;
	xor.b32  	%r1560, %r1559, %r1558;
	st.shared.u8 	[%r1305+1176], %r1560;
	add.s32 	%r1561, %r1354, %r1505;
	mad.lo.s32 	%r1562, %r1561, -1640531535, %r1292;
	add.s32 	%r1563, %r1562, %r2092;
	shr.u32 	%r1564, %r1563, 16;
	xor.b32  	%r1565, %r1564, %r1563;
	mul.lo.s32 	%r1566, %r1565, -2048144789;
	shr.u32 	%r1567, %r1566, 13;
	xor.b32  	%r1568, %r1567, %r1566;
	mul.lo.s32 	%r1569, %r1568, -1028477387;
	shr.u32 	%r1570, %r1569, 16;
	xor.b32  	%r1571, %r1570, %r1569;
	st.shared.u8 	[%r1305+1320], %r1571;
	add.s32 	%r1572, %r1388, %r1481;
	mad.lo.s32 	%r1573, %r1572, -1640531535, %r1292;
	add.s32 	%r1574, %r1573, %r2091;
	shr.u32 	%r1575, %r1574, 16;
	xor.b32  	%r1576, %r1575, %r1574;
	mul.lo.s32 	%r1577, %r1576, -2048144789;
	shr.u32 	%r1578, %r1577, 13;
	xor.b32  	%r1579, %r1578, %r1577;
	mul.lo.s32 	%r1580, %r1579, -1028477387;
	shr.u32 	%r1581, %r1580, 16;
	xor.b32  	%r1582, %r1581, %r1580;
	st.shared.u8 	[%r1305+2320], %r1582;
	add.s32 	%r1583, %r1400, %r1481;
	mad.lo.s32 	%r1584, %r1583, -1640531535, %r1292;
	add.s32 	%r1585, %r1584, %r2090;
	shr.u32 	%r1586, %r1585, 16;
	xor.b32  	%r1587, %r1586, %r1585;
	mul.lo.s32 	%r1588, %r1587, -2048144789;
	shr.u32 	%r1589, %r1588, 13;
	xor.b32  	%r1590, %r1589, %r1588;
	mul.lo.s32 	%r1591, %r1590, -1028477387;
	shr.u32 	%r1592, %r1591, 16;
	xor.b32  	%r1593, %r1592, %r1591;
	st.shared.u8 	[%r1305+2464], %r1593;
	add.s32 	%r1594, %r1388, %r1505;
	mad.lo.s32 	%r1595, %r1594, -1640531535, %r1292;
	add.s32 	%r1596, %r1595, %r2089;
	shr.u32 	%r1597, %r1596, 16;
	xor.b32  	%r1598, %r1597, %r1596;
	mul.lo.s32 	%r1599, %r1598, -2048144789;
	shr.u32 	%r1600, %r1599, 13;
	xor.b32  	%r1601, %r1600, %r1599;
	mul.lo.s32 	%r1602, %r1601, -1028477387;
	shr.u32 	%r1603, %r1602, 16;
	xor.b32  	%r1604, %r1603, %r1602;
	st.shared.u8 	[%r1305+2328], %r1604;
	add.s32 	%r1605, %r1400, %r1505;
	mad.lo.s32 	%r1606, %r1605, -1640531535, %r1292;
	add.s32 	%r1607, %r1606, %r2088;
	shr.u32 	%r1608, %r1607, 16;
	xor.b32  	%r1609, %r1608, %r1607;
	mul.lo.s32 	%r1610, %r1609, -2048144789;
	shr.u32 	%r1611, %r1610, 13;
	xor.b32  	%r1612, %r1611, %r1610;
	mul.lo.s32 	%r1613, %r1612, -1028477387;
	shr.u32 	%r1614, %r1613, 16;
	xor.b32  	%r1615, %r1614, %r1613;
	st.shared.u8 	[%r1305+2472], %r1615;
	add.s32 	%r1616, %r1434, %r1481;
	mad.lo.s32 	%r1617, %r1616, -1640531535, %r1292;
	add.s32 	%r1618, %r1617, %r2087;
	shr.u32 	%r1619, %r1618, 16;
	xor.b32  	%r1620, %r1619, %r1618;
	mul.lo.s32 	%r1621, %r1620, -2048144789;
	shr.u32 	%r1622, %r1621, 13;
	xor.b32  	%r1623, %r1622, %r1621;
	mul.lo.s32 	%r1624, %r1623, -1028477387;
	shr.u32 	%r1625, %r1624, 16;
	xor.b32  	%r1626, %r1625, %r1624;
	st.shared.u8 	[%r1305+3472], %r1626;
	add.s32 	%r1627, %r1446, %r1481;
	mad.lo.s32 	%r1628, %r1627, -1640531535, %r1292;
	add.s32 	%r1629, %r1628, %r2086;
	shr.u32 	%r1630, %r1629, 16;
	xor.b32  	%r1631, %r1630, %r1629;
	mul.lo.s32 	%r1632, %r1631, -2048144789;
	shr.u32 	%r1633, %r1632, 13;
	xor.b32  	%r1634, %r1633, %r1632;
	mul.lo.s32 	%r1635, %r1634, -1028477387;
	shr.u32 	%r1636, %r1635, 16;
	xor.b32  	%r1637, %r1636, %r1635;
	st.shared.u8 	[%r1305+3616], %r1637;
	add.s32 	%r1638, %r1434, %r1505;
	mad.lo.s32 	%r1639, %r1638, -1640531535, %r1292;
	add.s32 	%r1640, %r1639, %r2085;
	shr.u32 	%r1641, %r1640, 16;
	xor.b32  	%r1642, %r1641, %r1640;
	mul.lo.s32 	%r1643, %r1642, -2048144789;
	shr.u32 	%r1644, %r1643, 13;
	xor.b32  	%r1645, %r1644, %r1643;
	mul.lo.s32 	%r1646, %r1645, -1028477387;
	shr.u32 	%r1647, %r1646, 16;
	xor.b32  	%r1648, %r1647, %r1646;
	st.shared.u8 	[%r1305+3480], %r1648;
	add.s32 	%r1649, %r1446, %r1505;
	mad.lo.s32 	%r1650, %r1649, -1640531535, %r1292;
	add.s32 	%r1651, %r1650, %r2084;
	shr.u32 	%r1652, %r1651, 16;
	xor.b32  	%r1653, %r1652, %r1651;
	mul.lo.s32 	%r1654, %r1653, -2048144789;
	shr.u32 	%r1655, %r1654, 13;
	xor.b32  	%r1656, %r1655, %r1654;
	mul.lo.s32 	%r1657, %r1656, -1028477387;
	shr.u32 	%r1658, %r1657, 16;
	xor.b32  	%r1659, %r1658, %r1657;
	st.shared.u8 	[%r1305+3624], %r1659;
	add.s32 	%r1660, %r1288, 32;
	mul.lo.s32 	%r1661, %r1660, %r257;
	add.s32 	%r1662, %r1290, %r1661;
	mad.lo.s32 	%r1663, %r1662, -1640531535, %r1292;
	add.s32 	%r1664, %r1663, %r2083;
	shr.u32 	%r1665, %r1664, 16;
	xor.b32  	%r1666, %r1665, %r1664;
	mul.lo.s32 	%r1667, %r1666, -2048144789;
	shr.u32 	%r1668, %r1667, 13;
	xor.b32  	%r1669, %r1668, %r1667;
	mul.lo.s32 	%r1670, %r1669, -1028477387;
	shr.u32 	%r1671, %r1670, 16;
	xor.b32  	%r1672, %r1671, %r1670;
	st.shared.u8 	[%r1305+32], %r1672;
	add.s32 	%r1673, %r1306, %r1661;
	mad.lo.s32 	%r1674, %r1673, -1640531535, %r1292;
	add.s32 	%r1675, %r1674, %r2082;
	shr.u32 	%r1676, %r1675, 16;
	xor.b32  	%r1677, %r1676, %r1675;
	mul.lo.s32 	%r1678, %r1677, -2048144789;
	shr.u32 	%r1679, %r1678, 13;
	xor.b32  	%r1680, %r1679, %r1678;
	mul.lo.s32 	%r1681, %r1680, -1028477387;
	shr.u32 	%r1682, %r1681, 16;
	xor.b32  	%r1683, %r1682, %r1681;
	st.shared.u8 	[%r1305+176], %r1683;
	add.s32 	%r1684, %r1288, 40;
	mul.lo.s32 	%r1685, %r1684, %r257;
	add.s32 	%r1686, %r1290, %r1685;
	mad.lo.s32 	%r1687, %r1686, -1640531535, %r1292;
	add.s32 	%r1688, %r1687, %r2081;
	shr.u32 	%r1689, %r1688, 16;
	xor.b32  	%r1690, %r1689, %r1688;
	mul.lo.s32 	%r1691, %r1690, -2048144789;
	shr.u32 	%r1692, %r1691, 13;
	xor.b32  	%r1693, %r1692, %r1691;
	mul.lo.s32 	%r1694, %r1693, -1028477387;
	shr.u32 	%r1695, %r1694, 16;
	xor.b32  	%r1696, %r1695, %r1694;
	st.shared.u8 	[%r1305+40], %r1696;
	add.s32 	%r1697, %r1306, %r1685;
	mad.lo.s32 	%r1698, %r1697, -1640531535, %r1292;
	add.s32 	%r1699, %r1698, %r2080;
	shr.u32 	%r1700, %r1699, 16;
	xor.b32  	%r1701, %r1700, %r1699;
	mul.lo.s32 	%r1702, %r1701, -2048144789;
	shr.u32 	%r1703, %r1702, 13;
	xor.b32  	%r1704, %r1703, %r1702;
	mul.lo.s32 	%r1705, %r1704, -1028477387;
	shr.u32 	%r1706, %r1705, 16;
	xor.b32  	%r1707, %r1706, %r1705;
	st.shared.u8 	[%r1305+184], %r1707;
	add.s32 	%r1708, %r1342, %r1661;
	mad.lo.s32 	%r1709, %r1708, -1640531535, %r1292;
	add.s32 	%r1710, %r1709, %r2079;
	shr.u32 	%r1711, %r1710, 16;
	xor.b32  	%r1712, %r1711, %r1710;
	mul.lo.s32 	%r1713, %r1712, -2048144789;
	shr.u32 	%r1714, %r1713, 13;
	xor.b32  	%r1715, %r1714, %r1713;
	mul.lo.s32 	%r1716, %r1715, -1028477387;
	shr.u32 	%r1717, %r1716, 16;
	xor.b32  	%r1718, %r1717, %r1716;
	st.shared.u8 	[%r1305+1184], %r1718;
	add.s32 	%r1719, %r1354, %r1661;
	mad.lo.s32 	%r1720, %r1719, -1640531535, %r1292;
	add.s32 	%r1721, %r1720, %r2078;
	shr.u32 	%r1722, %r1721, 16;
	xor.b32  	%r1723, %r1722, %r1721;
	mul.lo.s32 	%r1724, %r1723, -2048144789;
	shr.u32 	%r1725, %r1724, 13;
	xor.b32  	%r1726, %r1725, %r1724;
	mul.lo.s32 	%r1727, %r1726, -1028477387;
	shr.u32 	%r1728, %r1727, 16;
	xor.b32  	%r1729, %r1728, %r1727;
	st.shared.u8 	[%r1305+1328], %r1729;
	add.s32 	%r1730, %r1342, %r1685;
	mad.lo.s32 	%r1731, %r1730, -1640531535, %r1292;
	add.s32 	%r1732, %r1731, %r2077;
	shr.u32 	%r1733, %r1732, 16;
	xor.b32  	%r1734, %r1733, %r1732;
	mul.lo.s32 	%r1735, %r1734, -2048144789;
	shr.u32 	%r1736, %r1735, 13;
	xor.b32  	%r1737, %r1736, %r1735;
	mul.lo.s32 	%r1738, %r1737, -1028477387;
	shr.u32 	%r1739, %r1738, 16;
	xor.b32  	%r1740, %r1739, %r1738;
	st.shared.u8 	[%r1305+1192], %r1740;
	add.s32 	%r1741, %r1354, %r1685;
	mad.lo.s32 	%r1742, %r1741, -1640531535, %r1292;
	add.s32 	%r1743, %r1742, %r2076;
	shr.u32 	%r1744, %r1743, 16;
	xor.b32  	%r1745, %r1744, %r1743;
	mul.lo.s32 	%r1746, %r1745, -2048144789;
	shr.u32 	%r1747, %r1746, 13;
	xor.b32  	%r1748, %r1747, %r1746;
	mul.lo.s32 	%r1749, %r1748, -1028477387;
	shr.u32 	%r1750, %r1749, 16;
	xor.b32  	%r1751, %r1750, %r1749;
	st.shared.u8 	[%r1305+1336], %r1751;
	add.s32 	%r1752, %r1388, %r1661;
	mad.lo.s32 	%r1753, %r1752, -1640531535, %r1292;
	add.s32 	%r1754, %r1753, %r2075;
	shr.u32 	%r1755, %r1754, 16;
	xor.b32  	%r1756, %r1755, %r1754;
	mul.lo.s32 	%r1757, %r1756, -2048144789;
	shr.u32 	%r1758, %r1757, 13;
	xor.b32  	%r1759, %r1758, %r1757;
	mul.lo.s32 	%r1760, %r1759, -1028477387;
	shr.u32 	%r1761, %r1760, 16;
	xor.b32  	%r1762, %r1761, %r1760;
	st.shared.u8 	[%r1305+2336], %r1762;
	add.s32 	%r1763, %r1400, %r1661;
	mad.lo.s32 	%r1764, %r1763, -1640531535, %r1292;
	add.s32 	%r1765, %r1764, %r2074;
	shr.u32 	%r1766, %r1765, 16;
	xor.b32  	%r1767, %r1766, %r1765;
	mul.lo.s32 	%r1768, %r1767, -2048144789;
	shr.u32 	%r1769, %r1768, 13;
	xor.b32  	%r1770, %r1769, %r1768;
	mul.lo.s32 	%r1771, %r1770, -1028477387;
	shr.u32 	%r1772, %r1771, 16;
	xor.b32  	%r1773, %r1772, %r1771;
	st.shared.u8 	[%r1305+2480], %r1773;
	add.s32 	%r1774, %r1388, %r1685;
	mad.lo.s32 	%r1775, %r1774, -1640531535, %r1292;
	add.s32 	%r1776, %r1775, %r2073;
	shr.u32 	%r1777, %r1776, 16;
	xor.b32  	%r1778, %r1777, %r1776;
	mul.lo.s32 	%r1779, %r1778, -2048144789;
	shr.u32 	%r1780, %r1779, 13;
	xor.b32  	%r1781, %r1780, %r1779;
	mul.lo.s32 	%r1782, %r1781, -1028477387;
	shr.u32 	%r1783, %r1782, 16;
	xor.b32  	%r1784, %r1783, %r1782;
	st.shared.u8 	[%r1305+2344], %r1784;
	add.s32 	%r1785, %r1400, %r1685;
	mad.lo.s32 	%r1786, %r1785, -1640531535, %r1292;
	add.s32 	%r1787, %r1786, %r2072;
	shr.u32 	%r1788, %r1787, 16;
	xor.b32  	%r1789, %r1788, %r1787;
	mul.lo.s32 	%r1790, %r1789, -2048144789;
	shr.u32 	%r1791, %r1790, 13;
	xor.b32  	%r1792, %r1791, %r1790;
	mul.lo.s32 	%r1793, %r1792, -1028477387;
	shr.u32 	%r1794, %r1793, 16;
	xor.b32  	%r1795, %r1794, %r1793;
	st.shared.u8 	[%r1305+2488], %r1795;
	add.s32 	%r1796, %r1434, %r1661;
	mad.lo.s32 	%r1797, %r1796, -1640531535, %r1292;
	add.s32 	%r1798, %r1797, %r2071;
	shr.u32 	%r1799, %r1798, 16;
	xor.b32  	%r1800, %r1799, %r1798;
	mul.lo.s32 	%r1801, %r1800, -2048144789;
	shr.u32 	%r1802, %r1801, 13;
	xor.b32  	%r1803, %r1802, %r1801;
	mul.lo.s32 	%r1804, %r1803, -1028477387;
	shr.u32 	%r1805, %r1804, 16;
	xor.b32  	%r1806, %r1805, %r1804;
	st.shared.u8 	[%r1305+3488], %r1806;
	add.s32 	%r1807, %r1446, %r1661;
	mad.lo.s32 	%r1808, %r1807, -1640531535, %r1292;
	add.s32 	%r1809, %r1808, %r2070;
	shr.u32 	%r1810, %r1809, 16;
	xor.b32  	%r1811, %r1810, %r1809;
	mul.lo.s32 	%r1812, %r1811, -2048144789;
	shr.u32 	%r1813, %r1812, 13;
	xor.b32  	%r1814, %r1813, %r1812;
	mul.lo.s32 	%r1815, %r1814, -1028477387;
	shr.u32 	%r1816, %r1815, 16;
	xor.b32  	%r1817, %r1816, %r1815;
	st.shared.u8 	[%r1305+3632], %r1817;
	add.s32 	%r1818, %r1434, %r1685;
	mad.lo.s32 	%r1819, %r1818, -1640531535, %r1292;
	add.s32 	%r1820, %r1819, %r2069;
	shr.u32 	%r1821, %r1820, 16;
	xor.b32  	%r1822, %r1821, %r1820;
	mul.lo.s32 	%r1823, %r1822, -2048144789;
	shr.u32 	%r1824, %r1823, 13;
	xor.b32  	%r1825, %r1824, %r1823;
	mul.lo.s32 	%r1826, %r1825, -1028477387;
	shr.u32 	%r1827, %r1826, 16;
	xor.b32  	%r1828, %r1827, %r1826;
	st.shared.u8 	[%r1305+3496], %r1828;
	add.s32 	%r1829, %r1446, %r1685;
	mad.lo.s32 	%r1830, %r1829, -1640531535, %r1292;
	add.s32 	%r1831, %r1830, %r2068;
	shr.u32 	%r1832, %r1831, 16;
	xor.b32  	%r1833, %r1832, %r1831;
	mul.lo.s32 	%r1834, %r1833, -2048144789;
	shr.u32 	%r1835, %r1834, 13;
	xor.b32  	%r1836, %r1835, %r1834;
	mul.lo.s32 	%r1837, %r1836, -1028477387;
	shr.u32 	%r1838, %r1837, 16;
	xor.b32  	%r1839, %r1838, %r1837;
	st.shared.u8 	[%r1305+3640], %r1839;
	add.s32 	%r1840, %r1288, 48;
	mul.lo.s32 	%r1841, %r1840, %r257;
	add.s32 	%r1842, %r1290, %r1841;
	mad.lo.s32 	%r1843, %r1842, -1640531535, %r1292;
	add.s32 	%r1844, %r1843, %r2067;
	shr.u32 	%r1845, %r1844, 16;
	xor.b32  	%r1846, %r1845, %r1844;
	mul.lo.s32 	%r1847, %r1846, -2048144789;
	shr.u32 	%r1848, %r1847, 13;
	xor.b32  	%r1849, %r1848, %r1847;
	mul.lo.s32 	%r1850, %r1849, -1028477387;
	shr.u32 	%r1851, %r1850, 16;
	xor.b32  	%r1852, %r1851, %r1850;
	st.shared.u8 	[%r1305+48], %r1852;
	add.s32 	%r1853, %r1306, %r1841;
	mad.lo.s32 	%r1854, %r1853, -1640531535, %r1292;
	add.s32 	%r1855, %r1854, %r2066;
	shr.u32 	%r1856, %r1855, 16;
	xor.b32  	%r1857, %r1856, %r1855;
	mul.lo.s32 	%r1858, %r1857, -2048144789;
	shr.u32 	%r1859, %r1858, 13;
	xor.b32  	%r1860, %r1859, %r1858;
	mul.lo.s32 	%r1861, %r1860, -1028477387;
	shr.u32 	%r1862, %r1861, 16;
	xor.b32  	%r1863, %r1862, %r1861;
	st.shared.u8 	[%r1305+192], %r1863;
	add.s32 	%r1864, %r1288, 56;
	mul.lo.s32 	%r1865, %r1864, %r257;
	add.s32 	%r1866, %r1290, %r1865;
	mad.lo.s32 	%r1867, %r1866, -1640531535, %r1292;
	add.s32 	%r1868, %r1867, %r2065;
	shr.u32 	%r1869, %r1868, 16;
	xor.b32  	%r1870, %r1869, %r1868;
	mul.lo.s32 	%r1871, %r1870, -2048144789;
	shr.u32 	%r1872, %r1871, 13;
	xor.b32  	%r1873, %r1872, %r1871;
	mul.lo.s32 	%r1874, %r1873, -1028477387;
	shr.u32 	%r1875, %r1874, 16;
	xor.b32  	%r1876, %r1875, %r1874;
	st.shared.u8 	[%r1305+56], %r1876;
	add.s32 	%r1877, %r1306, %r1865;
	mad.lo.s32 	%r1878, %r1877, -1640531535, %r1292;
	add.s32 	%r1879, %r1878, %r2064;
	shr.u32 	%r1880, %r1879, 16;
	xor.b32  	%r1881, %r1880, %r1879;
	mul.lo.s32 	%r1882, %r1881, -2048144789;
	shr.u32 	%r1883, %r1882, 13;
	xor.b32  	%r1884, %r1883, %r1882;
	mul.lo.s32 	%r1885, %r1884, -1028477387;
	shr.u32 	%r1886, %r1885, 16;
	xor.b32  	%r1887, %r1886, %r1885;
	st.shared.u8 	[%r1305+200], %r1887;
	add.s32 	%r1888, %r1342, %r1841;
	mad.lo.s32 	%r1889, %r1888, -1640531535, %r1292;
	add.s32 	%r1890, %r1889, %r2063;
	shr.u32 	%r1891, %r1890, 16;
	xor.b32  	%r1892, %r1891, %r1890;
	mul.lo.s32 	%r1893, %r1892, -2048144789;
	shr.u32 	%r1894, %r1893, 13;
	xor.b32  	%r1895, %r1894, %r1893;
	mul.lo.s32 	%r1896, %r1895, -1028477387;
	shr.u32 	%r1897, %r1896, 16;
	xor.b32  	%r1898, %r1897, %r1896;
	st.shared.u8 	[%r1305+1200], %r1898;
	add.s32 	%r1899, %r1354, %r1841;
	mad.lo.s32 	%r1900, %r1899, -1640531535, %r1292;
	add.s32 	%r1901, %r1900, %r2062;
	shr.u32 	%r1902, %r1901, 16;
	xor.b32  	%r1903, %r1902, %r1901;
	mul.lo.s32 	%r1904, %r1903, -2048144789;
	shr.u32 	%r1905, %r1904, 13;
	xor.b32  	%r1906, %r1905, %r1904;
	mul.lo.s32 	%r1907, %r1906, -1028477387;
	shr.u32 	%r1908, %r1907, 16;
	xor.b32  	%r1909, %r1908, %r1907;
	st.shared.u8 	[%r1305+1344], %r1909;
	add.s32 	%r1910, %r1342, %r1865;
	mad.lo.s32 	%r1911, %r1910, -1640531535, %r1292;
	add.s32 	%r1912, %r1911, %r2061;
	shr.u32 	%r1913, %r1912, 16;
	xor.b32  	%r1914, %r1913, %r1912;
	mul.lo.s32 	%r1915, %r1914, -2048144789;
	shr.u32 	%r1916, %r1915, 13;
	xor.b32  	%r1917, %r1916, %r1915;
	mul.lo.s32 	%r1918, %r1917, -1028477387;
	shr.u32 	%r1919, %r1918, 16;
	xor.b32  	%r1920, %r1919, %r1918;
	st.shared.u8 	[%r1305+1208], %r1920;
	add.s32 	%r1921, %r1354, %r1865;
	mad.lo.s32 	%r1922, %r1921, -1640531535, %r1292;
	add.s32 	%r1923, %r1922, %r2060;
	shr.u32 	%r1924, %r1923, 16;
	xor.b32  	%r1925, %r1924, %r1923;
	mul.lo.s32 	%r1926, %r1925, -2048144789;
	shr.u32 	%r1927, %r1926, 13;
	xor.b32  	%r1928, %r1927, %r1926;
	mul.lo.s32 	%r1929, %r1928, -1028477387;
	shr.u32 	%r1930, %r1929, 16;
	xor.b32  	%r1931, %r1930, %r1929;
	st.shared.u8 	[%r1305+1352], %r1931;
	add.s32 	%r1932, %r1388, %r1841;
	mad.lo.s32 	%r1933, %r1932, -1640531535, %r1292;
	add.s32 	%r1934, %r1933, %r2059;
	shr.u32 	%r1935, %r1934, 16;
	xor.b32  	%r1936, %r1935, %r1934;
	mul.lo.s32 	%r1937, %r1936, -2048144789;
	shr.u32 	%r1938, %r1937, 13;
	xor.b32  	%r1939, %r1938, %r1937;
	mul.lo.s32 	%r1940, %r1939, -1028477387;
	shr.u32 	%r1941, %r1940, 16;
	xor.b32  	%r1942, %r1941, %r1940;
	st.shared.u8 	[%r1305+2352], %r1942;
	add.s32 	%r1943, %r1400, %r1841;
	mad.lo.s32 	%r1944, %r1943, -1640531535, %r1292;
	add.s32 	%r1945, %r1944, %r2058;
	shr.u32 	%r1946, %r1945, 16;
	xor.b32  	%r1947, %r1946, %r1945;
	mul.lo.s32 	%r1948, %r1947, -2048144789;
	shr.u32 	%r1949, %r1948, 13;
	xor.b32  	%r1950, %r1949, %r1948;
	mul.lo.s32 	%r1951, %r1950, -1028477387;
	shr.u32 	%r1952, %r1951, 16;
	xor.b32  	%r1953, %r1952, %r1951;
	st.shared.u8 	[%r1305+2496], %r1953;
	add.s32 	%r1954, %r1388, %r1865;
	mad.lo.s32 	%r1955, %r1954, -1640531535, %r1292;
	add.s32 	%r1956, %r1955, %r2057;
	shr.u32 	%r1957, %r1956, 16;
	xor.b32  	%r1958, %r1957, %r1956;
	mul.lo.s32 	%r1959, %r1958, -2048144789;
	shr.u32 	%r1960, %r1959, 13;
	xor.b32  	%r1961, %r1960, %r1959;
	mul.lo.s32 	%r1962, %r1961, -1028477387;
	shr.u32 	%r1963, %r1962, 16;
	xor.b32  	%r1964, %r1963, %r1962;
	st.shared.u8 	[%r1305+2360], %r1964;
	add.s32 	%r1965, %r1400, %r1865;
	mad.lo.s32 	%r1966, %r1965, -1640531535, %r1292;
	add.s32 	%r1967, %r1966, %r2056;
	shr.u32 	%r1968, %r1967, 16;
	xor.b32  	%r1969, %r1968, %r1967;
	mul.lo.s32 	%r1970, %r1969, -2048144789;
	shr.u32 	%r1971, %r1970, 13;
	xor.b32  	%r1972, %r1971, %r1970;
	mul.lo.s32 	%r1973, %r1972, -1028477387;
	shr.u32 	%r1974, %r1973, 16;
	xor.b32  	%r1975, %r1974, %r1973;
	st.shared.u8 	[%r1305+2504], %r1975;
	add.s32 	%r1976, %r1434, %r1841;
	mad.lo.s32 	%r1977, %r1976, -1640531535, %r1292;
	add.s32 	%r1978, %r1977, %r2055;
	shr.u32 	%r1979, %r1978, 16;
	xor.b32  	%r1980, %r1979, %r1978;
	mul.lo.s32 	%r1981, %r1980, -2048144789;
	shr.u32 	%r1982, %r1981, 13;
	xor.b32  	%r1983, %r1982, %r1981;
	mul.lo.s32 	%r1984, %r1983, -1028477387;
	shr.u32 	%r1985, %r1984, 16;
	xor.b32  	%r1986, %r1985, %r1984;
	st.shared.u8 	[%r1305+3504], %r1986;
	add.s32 	%r1987, %r1446, %r1841;
	mad.lo.s32 	%r1988, %r1987, -1640531535, %r1292;
	add.s32 	%r1989, %r1988, %r2054;
	shr.u32 	%r1990, %r1989, 16;
	xor.b32  	%r1991, %r1990, %r1989;
	mul.lo.s32 	%r1992, %r1991, -2048144789;
	shr.u32 	%r1993, %r1992, 13;
	xor.b32  	%r1994, %r1993, %r1992;
	mul.lo.s32 	%r1995, %r1994, -1028477387;
	shr.u32 	%r1996, %r1995, 16;
	xor.b32  	%r1997, %r1996, %r1995;
	st.shared.u8 	[%r1305+3648], %r1997;
	add.s32 	%r1998, %r1434, %r1865;
	mad.lo.s32 	%r1999, %r1998, -1640531535, %r1292;
	add.s32 	%r2000, %r1999, %r2053;
	shr.u32 	%r2001, %r2000, 16;
	xor.b32  	%r2002, %r2001, %r2000;
	mul.lo.s32 	%r2003, %r2002, -2048144789;
	shr.u32 	%r2004, %r2003, 13;
	xor.b32  	%r2005, %r2004, %r2003;
	mul.lo.s32 	%r2006, %r2005, -1028477387;
	shr.u32 	%r2007, %r2006, 16;
	xor.b32  	%r2008, %r2007, %r2006;
	st.shared.u8 	[%r1305+3512], %r2008;
	add.s32 	%r2009, %r1446, %r1865;
	mad.lo.s32 	%r2010, %r2009, -1640531535, %r1292;
	add.s32 	%r2011, %r2010, %r2052;
	shr.u32 	%r2012, %r2011, 16;
	xor.b32  	%r2013, %r2012, %r2011;
	mul.lo.s32 	%r2014, %r2013, -2048144789;
	shr.u32 	%r2015, %r2014, 13;
	xor.b32  	%r2016, %r2015, %r2014;
	mul.lo.s32 	%r2017, %r2016, -1028477387;
	shr.u32 	%r2018, %r2017, 16;
	xor.b32  	%r2019, %r2018, %r2017;
	st.shared.u8 	[%r1305+3656], %r2019;
	bar.sync 	0;
	setp.gt.u32 	%p30, %r2187, 1023;
	@%p30 bra 	$L__BB0_42;
	ld.param.u64 	%rd143, [product_param_2];
	cvt.u64.u32 	%rd18, %r1;
	shr.u32 	%r2020, %r2187, 3;
	add.s32 	%r2186, %r2020, %r2;
	cvt.u16.u32 	%rs6, %r2187;
	and.b16  	%rs7, %rs6, 7;
	mul.wide.u16 	%r2021, %rs7, 16;
	mad.lo.s32 	%r2022, %r2020, 144, %r2021;
	add.s32 	%r2185, %r1304, %r2022;
	cvta.to.global.u64 	%rd19, %rd143;
$L__BB0_41:
	cvt.u64.u32 	%rd137, %r2186;
	mul.lo.s64 	%rd138, %rd137, %rd1;
	shl.b32 	%r2024, %r2187, 4;
	and.b32  	%r2025, %r2024, 112;
	cvt.u64.u32 	%rd139, %r2025;
	add.s64 	%rd140, %rd139, %rd18;
	add.s64 	%rd141, %rd140, %rd138;
	add.s64 	%rd142, %rd19, %rd141;
	ld.shared.v4.u32 	{%r2026, %r2027, %r2028, %r2029}, [%r2185];
	st.global.v4.u32 	[%rd142], {%r2026, %r2027, %r2028, %r2029};
	add.s32 	%r2186, %r2186, 32;
	add.s32 	%r2185, %r2185, 4608;
	add.s32 	%r2187, %r2187, 256;
	setp.lt.u32 	%p31, %r2187, 1024;
	@%p31 bra 	$L__BB0_41;
$L__BB0_42:
	ret;
}
`;
