// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @dev A contract that holds licences and tokens, does in its own name whatever it is told, and notes when it is called on receiving.
contract HostileHolder is IERC721Receiver {
    uint256 public received;

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        ++received;
        return IERC721Receiver.onERC721Received.selector;
    }

    function act(address target, bytes calldata call) external returns (bytes memory result) {
        bool success;
        (success, result) = target.call(call);
        if (success) return result;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}
