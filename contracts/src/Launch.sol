// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @notice Where one network's contracts are deployed from. Each has a name, and its address follows from the name alone, so contracts
/// can know each other's address before any of them stands, and a deployment that was broken off goes on where it was.
contract Launch {
    /// @notice The only account that deploys from here. It has no other power, here or in what it deploys.
    address public immutable OWNER;
    /// @notice The instant of this contract's own deployment, from which the network's times count.
    uint64 public immutable START;

    /// @notice Hash of the creation code with its parameters; zero while a name has not been deployed.
    mapping(bytes32 name => bytes32 codeHash) public codeHashOf;

    event Launched(bytes32 indexed name, address at, bytes32 codeHash);

    error NotOwner(address caller);
    error AlreadyLaunched(bytes32 name, bytes32 codeHash);

    constructor(address owner) {
        (OWNER, START) = (owner, uint64(block.timestamp));
    }

    /// @notice Deploys a contract under a name, once. The owner only.
    /// @param creationCode with the encoded parameters behind it.
    function launch(bytes32 name, bytes calldata creationCode) external returns (address at_) {
        require(msg.sender == OWNER, NotOwner(msg.sender));
        require(codeHashOf[name] == 0, AlreadyLaunched(name, codeHashOf[name]));
        bytes32 codeHash = keccak256(creationCode);
        codeHashOf[name] = codeHash;
        at_ = Create3.deploy(0, name, creationCode);
        emit Launched(name, at_, codeHash);
    }

    /// @notice Where the contract of that name is or will be.
    function addressOf(bytes32 name) external view returns (address at_) {
        return Create3.computeAddress(name);
    }
}
