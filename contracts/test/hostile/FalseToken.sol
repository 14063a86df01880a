// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Moves nothing and says so by returning false, as tokens older than the custom of reverting do.
contract FalseToken is FreeToken(18) {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}
