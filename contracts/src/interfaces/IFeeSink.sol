// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Takes the network's fees in any token, by plain transfer, and divides them by weights that stand in Policy. Shares are pulled.
/// The share BURN is burnt where the token is the network's own; of other tokens it is owed to the holder of the role BUYER.
/// @dev Warning: that the BUYER buys and burns is a promise of his, not a rule of this contract; the sums are public.
interface IFeeSink {
    event Distributed(address indexed token, uint256 amount, uint256[] shares, uint256 burnt);
    event Withdrawn(address indexed token, bytes32 indexed share, address to, uint256 amount);

    error NothingToDistribute(address token);
    error NothingOwed(address token, bytes32 share);
    error NoWeight();

    /// @notice Divides what has come in since the last time. Anybody. What does not divide evenly is carried.
    function distribute(address token) external returns (uint256 amount);

    /// @notice Pays a share's holder what is owed to it. Anybody; it goes to the holder of the role in Policy.
    function withdraw(address token, bytes32 share) external returns (uint256 amount);

    /// @notice What is owed to a share.
    function owed(address token, bytes32 share) external view returns (uint256 amount);

    /// @notice Names of the shares: each is a role of Policy, but BURN.
    function shares() external view returns (bytes32[] memory names);
}
