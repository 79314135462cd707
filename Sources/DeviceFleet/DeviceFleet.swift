// DeviceFleet
