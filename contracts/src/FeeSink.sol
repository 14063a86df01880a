// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IFeeSink} from "./interfaces/IFeeSink.sol";
import {IPolicy} from "./interfaces/IPolicy.sol";
import {Names} from "./Names.sol";
import {PolicyMath} from "./PolicyMath.sol";
import {Token} from "./Token.sol";

/// @notice Divides the network's fees by weights: see IFeeSink.
contract FeeSink is IFeeSink, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Weights and holders of the shares.
    IPolicy public immutable POLICY;
    /// @notice The network's own token, of which the share BURN is burnt.
    Token public immutable TOKEN;

    /// @inheritdoc IFeeSink
    mapping(address token => mapping(bytes32 share => uint256 amount)) public owed;
    /// @notice What is owed to all shares. What is held beyond it has come in since, or was carried.
    mapping(address token => uint256 amount) public owedInAll;
    bytes32[] private names;

    constructor(IPolicy policy, Token token, bytes32[] memory shares_) {
        (POLICY, TOKEN, names) = (policy, token, shares_);
        for (uint256 n = 0; n < shares_.length; n++) policy.role(roleOf(shares_[n])); // reverts where there is none
    }

    /// @inheritdoc IFeeSink
    function distribute(address token) external nonReentrant returns (uint256 amount) {
        amount = IERC20(token).balanceOf(address(this)) - owedInAll[token];
        (uint256[] memory parts, uint256 rest) = PolicyMath.splitRoundedDown(amount, weightsInForce());
        amount -= rest;
        require(amount > 0, NothingToDistribute(token));
        uint256 burnt = 0;
        for (uint256 n = 0; n < parts.length; n++) {
            if (names[n] == Names.BURN && token == address(TOKEN)) burnt += parts[n];
            else owed[token][names[n]] += parts[n];
        }
        owedInAll[token] += amount - burnt;
        emit Distributed(token, amount, parts, burnt);
        if (burnt > 0) TOKEN.burn(burnt);
    }

    /// @inheritdoc IFeeSink
    function withdraw(address token, bytes32 share) external nonReentrant returns (uint256 amount) {
        amount = owed[token][share];
        require(amount > 0, NothingOwed(token, share));
        address holder = POLICY.role(roleOf(share));
        owed[token][share] = 0;
        owedInAll[token] -= amount;
        emit Withdrawn(token, share, holder, amount);
        IERC20(token).safeTransfer(holder, amount);
    }

    /// @inheritdoc IFeeSink
    function shares() external view returns (bytes32[] memory) {
        return names;
    }

    function weightsInForce() private view returns (uint256[] memory weights) {
        weights = new uint256[](names.length);
        uint256 sum = 0;
        for (uint256 n = 0; n < weights.length; n++) {
            weights[n] = POLICY.parameter(Names.shareWeight(names[n]));
            sum += weights[n];
        }
        require(sum > 0, NoWeight());
    }

    function roleOf(bytes32 share) private pure returns (bytes32 role) {
        return share == Names.BURN ? Names.BUYER : share;
    }
}
