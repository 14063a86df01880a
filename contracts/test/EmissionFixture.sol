// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyMath} from "../src/PolicyMath.sol";
import {PolicyFixture} from "./PolicyFixture.sol";

/// @dev An Emission with two curves: an hourly decay split to three pools, and a cliff with a straight line for a fourth.
abstract contract EmissionFixture is PolicyFixture {
    uint256 internal constant DECAY = 0;
    uint256 internal constant LINE = 1;
    uint256 internal constant LINE_POOL = 3;
    uint128 internal constant DECAY_CAP = 800_000_000e18;
    uint128 internal constant LINE_CAP = 1_000_003;
    uint64 internal constant CLIFF = 30 days;
    uint64 internal constant TERM = 300 days;

    function newEmission(address[4] memory recipients) internal returns (Emission emission, Policy policy) {
        policy = newPolicy(weightParameters());
        IEmission.CurveParameters[] memory curves = new IEmission.CurveParameters[](2);
        curves[DECAY].decay = PolicyMath.Decay({
            genesis: 500_000_000e18,
            first: 4_566_210_045_662_100_456_621,
            cap: DECAY_CAP,
            decayRay: 13_886_952_395_979_300_000_000,
            epochSeconds: 1 hours
        });
        curves[LINE].points = new PolicyMath.Point[](3);
        curves[LINE].points[1] = PolicyMath.Point(CLIFF, 0);
        curves[LINE].points[2] = PolicyMath.Point(CLIFF + TERM, LINE_CAP);
        emission = Emission(
            deploy(
                "Emission",
                abi.encode(
                    IEmission.TokenParameters("Coop", "COOP", 18, uint256(DECAY_CAP) + LINE_CAP),
                    policy,
                    uint64(block.timestamp),
                    curves,
                    poolParameters(recipients)
                )
            )
        );
    }

    function poolParameters(address[4] memory recipients) internal pure returns (IEmission.PoolParameters[] memory pools) {
        pools = new IEmission.PoolParameters[](4);
        for (uint256 n = 0; n < 4; n++) {
            pools[n] = IEmission.PoolParameters({curve: n == LINE_POOL ? LINE : DECAY, recipient: recipients[n]});
        }
    }

    function weightParameters() internal pure returns (IPolicy.ParameterParameters[] memory weights) {
        weights = new IPolicy.ParameterParameters[](4);
        uint256[4] memory values = [uint256(900_000), 70_000, 30_000, 1];
        for (uint256 n = 0; n < 4; n++) {
            weights[n] = IPolicy.ParameterParameters(Names.poolWeight(n), values[n], 0, 1_000_000);
        }
    }
}
