// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreeToken} from "./FreeToken.sol";

/// @dev Answers every call that it does not know, also `burn`, as if it had done something.
contract SilentToken is FreeToken(18) {
    fallback() external {}
}
