// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev An ERC-1271 meter that answers as it is told: properly, or in each way in which a contract can be of no use.
contract HostileMeter {
    enum Mood {
        SaysYes,
        SaysNo,
        Reverts,
        BurnsGas,
        ReturnsNothing,
        ReturnsGarbage,
        ReturnsMuch,
        RevertsWithMuch
    }

    Mood public mood;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function act(address target, bytes calldata call) external returns (bool success) {
        (success,) = target.call(call);
    }

    fallback() external {
        Mood now_ = mood;
        bytes4 yes = msg.sig;
        assembly {
            mstore(0, yes)
            switch now_
            case 0 { return(0, 32) }
            case 1 {
                mstore(0, 0)
                return(0, 32)
            }
            case 2 { revert(0, 0) }
            case 3 { for {} 1 {} { mstore(0, keccak256(0, 32)) } }
            case 4 { return(0, 0) }
            case 5 {
                mstore(0, not(yes))
                return(0, 32)
            }
            case 6 {
                mstore(0, not(yes))
                return(0, 100000)
            }
            default { revert(0, 100000) }
        }
    }
}
